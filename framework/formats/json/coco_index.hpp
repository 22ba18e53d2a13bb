// The contents of a COCO instances file and their positions; a part of coco_instances.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/classes.hpp"
#include "data/size.hpp"
#include "formats/input_file.hpp"

namespace seplflow {

struct CocoImage {
  std::uint64_t id = 0;
  std::string file_name;  // "COCO_val2014_000000000139.jpg"
  Size size;
  std::size_t first_annotation = 0, annotations = 0;  // of CocoIndex::annotations
};

struct CocoAnnotation {
  std::uint64_t id = 0, offset = 0;  // position of its text in the file
  std::uint32_t length = 0;
  Label label = 0;
  bool crowd = false;
};

struct CocoIndex {
  std::vector<CocoImage> images;            // in the order of the file
  std::vector<CocoAnnotation> annotations;  // by image, those of one image in the order of the file
  ClassesPtr classes;                       // background, then the categories by ascending id
};

// Reads the file once through a small window, without parsing outlines or keeping them in memory.
// Throws Error as CocoInstances does; `name` stands for the file in messages.
CocoIndex read_coco_index(InputFile& file, std::string const& name);

}  // namespace seplflow
