// The one header that a plugin includes.
//
//   struct Dilate {
//     int radius = 1;
//     seplflow::LabelMap operator()(seplflow::LabelMap const& labels) const;
//   };
//
//   SEPLFLOW_PLUGIN(plugin) {
//     plugin.stage<Dilate>("lab.dilate", "Grow every class by a few pixels")
//         .inputs("labels")
//         .output("labels")
//         .option("radius", &Dilate::radius, "how far", seplflow::in_range(0, 50),
//                 seplflow::unit("pixels"));
//   }
#pragma once

#include <seplflow/bytes.hpp>
#include <seplflow/plugin.hpp>
#include <seplflow/version.hpp>
