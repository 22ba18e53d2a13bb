// Ports: the inputs and outputs of a stage, by name and type.
#pragma once

#include <seplflow/image.hpp>
#include <seplflow/image_labels.hpp>
#include <seplflow/label_map.hpp>
#include <seplflow/mask_set.hpp>
#include <seplflow/overlap_table.hpp>
#include <seplflow/sample.hpp>
#include <seplflow/score_maps.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace seplflow {

// The name of a type on ports. Two ports connect when these names are equal, so a plugin with a
// type of its own specialises this with a unique name ("lab.Edges"), in the header that defines the
// type. It may have a `static constexpr int version`, which its author raises when the meaning of
// the type changes but its size does not, and a function
// `static void check(T const&, Sample const&)`, which throws Error ("it returned ...") for a value
// that does not fit the sample. It is called for every value that a stage returns, so that the stage
// which made a wrong value is blamed and not a later one.
template <class T>
struct PortType {
  static_assert(sizeof(T) == 0, "specialise seplflow::PortType<T> with a name for this type");
};

template <>
struct PortType<Sample> {
  static constexpr std::string_view name = "Sample";
};
template <>
struct PortType<Image> {
  static constexpr std::string_view name = "Image";
  SEPLFLOW_API static void check(Image const& image, Sample const& sample);
};
template <>
struct PortType<ImageLabels> {
  static constexpr std::string_view name = "ImageLabels";
};
template <>
struct PortType<LabelMap> {
  static constexpr std::string_view name = "LabelMap";
  SEPLFLOW_API static void check(LabelMap const& labels, Sample const& sample);
};
template <>
struct PortType<ScoreMaps> {
  static constexpr std::string_view name = "ScoreMaps";
  SEPLFLOW_API static void check(ScoreMaps const& scores, Sample const& sample);
};
template <>
struct PortType<MaskSet> {
  static constexpr std::string_view name = "MaskSet";
  SEPLFLOW_API static void check(MaskSet const& masks, Sample const& sample);
};
template <>
struct PortType<OverlapTable> {
  static constexpr std::string_view name = "OverlapTable";
};

struct Port {
  std::string name;
  std::string type;
  // An input that may stay unconnected; an output that is made only if a stage uses it.
  bool optional = false;
  std::string fingerprint = {};  // of the C++ type: equal in libraries that agree on it
  // An optional input that is connected to the output of the source that has its name, if the source
  // offers it and the pipeline does not say otherwise.
  bool by_default = false;
};

// A value on a port, shared and immutable. Its type is that of the port. The pipeline is checked
// before it runs, so the type is not checked again.
using Value = std::shared_ptr<void const>;

namespace detail {

// What the C++ type of a port's values determines.
struct PortFacts {
  std::string_view type;
  std::size_t size, alignment;
  int version;
  bool optional;
};

template <class T>
constexpr PortFacts port_facts(bool optional = false) {
  int version = 0;
  if constexpr (requires { PortType<T>::version; }) version = PortType<T>::version;
  return {PortType<T>::name, sizeof(T), alignof(T), version, optional};
}

SEPLFLOW_API Port make_port(std::string_view name, PortFacts const& facts);

template <class T>
Port port_of(std::string_view name, bool optional = false) {
  return make_port(name, port_facts<T>(optional));
}

}  // namespace detail
}  // namespace seplflow
