// The masks of all images of a data set in one JSON file.
#pragma once

#include <seplflow/formats/input_file.hpp>
#include <seplflow/formats/mask_json.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seplflow {

// Reads one of these, of which only the positions of the records stay in memory:
//   [{"image_id": ..., "segmentation": ...}, ...]                     COCO's results
//   the same records one after the other                              JSON Lines
//   {"image_id": ..., "annotations": [records]} for each image, in either form
//   {"NAME": [records], ...} or {"NAME": {"annotations": [...]}, ...} records by image
//   {"images": [{"id", "file_name"}], "annotations": [records]}       a COCO data set
// A file that gzip has compressed is unpacked into a temporary file of the system (TMPDIR).
// An image is named by its "image_id" (text or number), "file_name" or "image_name"; in a COCO data
// set by its "file_name". Safe to use from several threads.
class MaskCollection {
 public:
  // Throws Error, naming the file, the record and what was expected.
  explicit MaskCollection(std::filesystem::path const& path);

  struct Found {
    std::size_t image;
    bool by_number = false;  // only the numbers of the names are equal
  };
  // The image of a sample: the one that has one of `names`, with or without folders and extension;
  // or else the one whose number is the digits of the id (2007000032 for 2007_000032) or the number
  // that the id ends with (32). Nothing if there is none. Throws Error when several images fit, or
  // when the number has already led another sample to the image.
  std::optional<Found> find(std::string_view id, std::vector<std::string> const& names) const;

  // The masks of an image. Reads only its records again. Throws Error as read_mask_file does, and
  // when the file has changed since it was opened.
  MaskFile read(std::size_t image, MaskReading const& reading) const;

  std::string const& name_of(std::size_t image) const { return images_[image].name; }
  std::size_t images() const { return images_.size(); }

 private:
  struct Place {
    std::uint64_t offset, length;
  };
  struct Image {
    std::string name;
    std::vector<Place> places = {};
    bool is_list = false;  // its only place holds all of its records, not one
    std::optional<Size> size = {};
  };

  void read_index();
  void read_results();
  void read_data_set();
  void add_record(std::string const& name, Place place, bool has_all_records);
  Image& image_named(std::string const& name);
  std::optional<std::size_t> only_one(std::string_view id, std::string_view key, bool number) const;
  void require_unchanged() const;

  std::filesystem::path path_;
  std::string file_name_;  // of the path, for messages
  std::uint64_t stamp_;  // taken before the file is opened
  InputFile file_;       // or what was compressed, in a temporary file
  std::vector<Image> images_;
  std::map<std::string, std::size_t, std::less<>> by_name_;       // as the file has it
  std::multimap<std::string, std::size_t, std::less<>> by_stem_;  // without folders and extension
  std::multimap<std::string, std::size_t, std::less<>> by_number_;
  mutable std::mutex claiming_;
  mutable std::map<std::size_t, std::string> claims_;  // samples that numbers led to images
};

}  // namespace seplflow
