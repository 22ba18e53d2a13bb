#include <seplflow/formats/mask_collection.hpp>
#include <seplflow/formats/mask_json.hpp>
#include "common/refuse_errors.hpp"
#include "common/sample_file.hpp"
#include "reader.hpp"
#include "stages.hpp"

namespace seplflow::masks {
namespace {

namespace fs = std::filesystem;

// Masks in the formats of amg.py --convert-to-rle, SA-1B and COCO.
struct Json : Reader {
  std::optional<fs::path> dir, file;
  std::string pattern = "{id}.json";

  void check(OptionCheck& check) {
    expect_masks(check);
    refuse_pattern(check, pattern);
    if (dir.has_value() == file.has_value()) {
      check.refuse(dir ? "file" : "",
                   "set `dir`, a folder with a file for each sample, or `file`, one file for all "
                   "samples, but not both");
    } else if (file) {
      if (pattern != "{id}.json") check.refuse("pattern", "`pattern` is for `dir`, not for `file`");
      refuse_errors(check, "file",
                    [&] { collection_ = std::make_shared<MaskCollection const>(*file); });
    }
  }

  // Besides the file itself, the same compressed.
  std::vector<fs::path> files(Sample const& sample) const {
    if (file) return {*file};
    auto files = sample_files(*dir, sample, pattern);
    if (is_there(files.back())) return files;
    auto const compressed = sample_files(*dir, sample, pattern + ".gz");
    files.insert(files.end(), compressed.begin(), compressed.end());
    return files;
  }

  MaskSet operator()(SampleContext const& context, Sample const& sample) const {
    // Masks are dropped at the size of the image.
    MaskReading const reading{sample.size, resize == Resize::none ? min_area : 0, strict,
                              resize != Resize::none, kSizeHint};
    if (collection_) return of_collection(context, sample, reading);
    auto const candidates = files(sample);
    bool const found = is_there(candidates.back());
    fs::path const& path = found ? candidates.back() : candidates.front();
    if (!found && is_missing(path, on_missing, "mask file", "no masks")) {
      return missing(context, "mask file", path.string());
    }
    return of_file(context, read_mask_file(path, reading));
  }

 private:
  MaskSet of_file(SampleContext const& context, MaskFile found) const {
    warn_of_contradictions(context, found);
    return settled(context, std::move(found.masks));
  }

  MaskSet of_collection(SampleContext const& context, Sample const& sample,
                        MaskReading const& reading) const {
    auto const found = collection_->find(sample.id, sample_names(sample.id));
    if (!found && on_missing == OnMissing::empty) {
      return missing(context, "image of this sample in the file", file->string());
    }
    if (!found) {
      throw Error(
          file->string() + " has no masks of this sample, but of " +
          std::to_string(collection_->images()) + " images" +
          (collection_->images() > 0 ? " such as \"" + collection_->name_of(0) + "\"" : "") +
          ". Samples and images are compared by their names, without folders and endings, "
          "and by their numbers. If an image without masks is not in the file, set "
          "on_missing = \"empty\"");
    }
    if (found->by_number) warn_of_number(context, *found);
    return of_file(context, collection_->read(found->image, reading));
  }

  void warn_of_number(SampleContext const& context, MaskCollection::Found const& found) const {
    std::string const& name = collection_->name_of(found.image);
    if (strict) {
      throw Error(file->string() + " has no image of the name of the sample; the image \"" + name +
                  "\" has its number, which strict = true does not accept");
    }
    context.warn("samples and the images of the file have only their numbers in common",
                 "image " + name);
  }

  std::shared_ptr<MaskCollection const> collection_;
};

constexpr char const* kJsonDetails =
    "`dir` is a folder with one file per image: a list of records as `amg.py --convert-to-rle` "
    "writes it, or SA-1B's `{\"image\": ..., \"annotations\": [...]}`. The `segmentation` of a "
    "record is COCO RLE with compressed or plain counts, or a list of polygons, which are "
    "rasterised as in pycocotools. All masks of a file must have the same size: that of the image, "
    "if it is known. A sample of COCO may use any name that COCO's files have "
    "(COCO_val2014_000000000139.json, 000000000139.json, 139.json); its id comes first. Without "
    "NAME.json, NAME.json.gz is read.\n\n"
    "`file` is one file for all images: COCO's results (a list of records with `image_id`), the "
    "same records one after the other (JSON Lines), an object with the records of each image "
    "(`{\"NAME\": [...]}`), or COCO's `images` and `annotations`. Only the positions of the "
    "records stay in memory. A compressed file (`all.json.gz`) is unpacked into the temporary folder "
    "(`TMPDIR`), where it has at most 2 GiB until the program ends. An image belongs to the sample of its name, without folders and extension. "
    "Automatic: if no name fits, the image belongs to the sample whose digits are its number "
    "(2007000032 for 2007_000032) or that ends with its number (32), which is a warning; if that "
    "leads "
    "two samples to one image, it is an error.\n\n"
    "These forms are read automatically too, and `strict = true` refuses them: records one after "
    "the other in a file of `dir`; a `segmentation` that is an array of H rows of W pixels, which "
    "are false and true, 0 and 1, or 0 and 255; one polygon without its outer list, or as a list "
    "of "
    "points `[[x, y], ...]`; an empty list, which is a mask without pixels; counts that Python "
    "printed as bytes (`\"b'...'\"`), and whole numbers written as 3.0; fields other than the "
    "segmentation that are null or NaN; and a byte-order mark.\n\n"
    "The area and the columns of a mask are compared with the `area` and the `bbox` of its record. "
    "Masks that contradict them are read, with one warning and a count. The run counts masks, "
    "images "
    "without masks, and missing files. If no image has any mask, that is an error unless "
    "`on_missing` is \"empty\".";

}  // namespace

void declare_json(Plugin& plugin) {
  auto& stage =
      plugin
          .stage<Json>("masks.json",
                       "Reads SAM's masks from JSON files: amg.py, SA-1B, COCO RLE or "
                       "polygons")
          .inputs("sample")
          .output("masks")
          .option("dir", &Json::dir, "folder with NAME.json for each sample", existing_folder())
          .option("file", &Json::file, "one file for all samples, instead of `dir`",
                  existing_file())
          .option("pattern", &Json::pattern, kPatternHelp);
  declare_reader(stage,
                 "what to do about a sample without a file, or without an image in `file`: report "
                 "an error, or treat it as empty (no masks)")
      .details(kJsonDetails);
}

}  // namespace seplflow::masks
