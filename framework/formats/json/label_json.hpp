// Image-level labels in a JSON file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace seplflow {

// What a file says of one image: the names of its classes, or numbers.
struct LabelledImage {
  std::string name;
  std::vector<std::string> classes;
  std::vector<double> numbers;
};

// Reads an object by image, {"a.jpg": ["cat", "dog"], "b.jpg": "cat", "c.jpg": [0, 1, 0]}, or a
// list of objects, each with the name of its image ("image", "file_name", "filename", "name",
// "image_id" or "id") and its classes ("labels", "classes", "label", "class", "category" or
// "categories"). Throws Error, with the file and the entry, for other JSON.
std::vector<LabelledImage> read_label_json(std::filesystem::path const& path);

}  // namespace seplflow
