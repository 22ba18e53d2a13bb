#include <seplflow/formats/file_kind.hpp>

#include <seplflow/error.hpp>
#include "support/catch.hpp"
#include "support/pickle_bytes.hpp"

using namespace seplflow;
using namespace pickle_bytes;
using namespace std::string_literals;

namespace {

FileKind kind_of(std::string const& bytes) {
  return file_kind_of(span_of(bytes));
}

std::string is(std::string const& bytes, std::string_view advice = {}) {
  return what_it_is(span_of(bytes), "a PNG", advice);
}

std::string utf16(std::string_view text) {
  std::string bytes;
  for (char const c : text) bytes += {c, '\0'};
  return bytes;
}

std::string zip_of(std::string_view first_entry) {
  return "PK\3\4" + std::string(22, '\0') +
         little(static_cast<std::uint16_t>(first_entry.size())) + std::string(2, '\0') +
         std::string(first_entry) + "data";
}

std::string_view relative(std::vector<std::string_view> const& tensors) {
  return relative_of_sam(tensors);
}

}  // namespace

TEST_CASE("what stands for a file that was not downloaded is told with what to do") {
  std::string const pointer =
      "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
  CHECK(is(pointer) ==
        "is a git-lfs pointer, which stands for the file itself, not a PNG; run \"git lfs pull\" "
        "in its repository");
  CHECK(is("/annex/objects/MD5E-s5--d41d.png\n") ==
        "is a git-annex pointer, which stands for the file itself, not a PNG; run \"git annex "
        "get\" in its repository");
  for (std::string const page :
       {"<!DOCTYPE html>\n<html>", "\n  <HTML><head>", "<!-- saved -->\n<html lang=en>",
        "\xEF\xBB\xBF<!doctype HTML>", "<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC>"}) {
    CHECK(is(page) ==
          "is an HTML page, not a PNG; the download got a web page instead of the file: download "
          "the file itself");
  }
  CHECK(is("404: Not Found") == "is text that begins with \"404: Not Found\", not a PNG");
  CHECK(is("") == "is empty (0 bytes); expected a PNG; copy or download it again");
  CHECK(is(std::string(500, '\0')) ==
        "is a file of zero bytes only, not a PNG; copy or download it again");
  CHECK(kind_of("\0\x05\x16\x07\0\2\0\0Mac OS X"s) == FileKind::apple_double);
}

TEST_CASE("text is told apart by its encoding and by the language of its values") {
  CHECK(kind_of("\xff\xfe" + utf16("[1]")) == FileKind::utf16);
  CHECK(kind_of("\xfe\xff\0[\0]"s) == FileKind::utf16);
  CHECK(kind_of(utf16("[{\"segmentation\": 1}]")) == FileKind::utf16);
  CHECK(is(utf16("2007_000032")) == "is text in UTF-16, not a PNG; save it as UTF-8");
  for (std::string const python :
       {"[{'segmentation': 1}]", "{'a': 1}", "[array([[0, 1]])]", "array([1.])", "tensor([[0.]])",
        "[[True, False]]", "[None]", "b'PPYo1'", "[[0.  0.5]\n [1.  0. ]]", "(1, 2)",
        "OrderedDict([('a', 1)])"}) {
    INFO(python);
    CHECK(kind_of(python) == FileKind::python_text);
  }
  for (std::string const json : {"[]", "{}", " {\"a\": 1}", "[[1, 2], [3]]", "[true]", "[0.5 , 1]",
                                 "\xEF\xBB\xBF[{\"size\": [1, 2]}", "[", "{", "[-1e5, 2]"}) {
    INFO(json);
    CHECK(kind_of(json) == FileKind::json);
  }
  CHECK(kind_of("<annotation><size/></annotation>") == FileKind::xml);
  CHECK(kind_of("name,1,2\n") == FileKind::text);
  CHECK(kind_of("2007_000032\n") == FileKind::unknown);
  CHECK(kind_of(" \n") == FileKind::unknown);
  CHECK(kind_of("na\x01me") == FileKind::unknown);
  CHECK(kind_of(std::string(kFileKindBytes - 1, 'n') + "\xC3\xA4") == FileKind::text);
}

TEST_CASE("files of Python are told apart") {
  CHECK(kind_of(npy("{}", "")) == FileKind::npy);
  CHECK(kind_of(zip_of("arr_0.npy")) == FileKind::npz);
  CHECK(kind_of(zip_of("archive/data.pkl")) == FileKind::torch);
  CHECK(kind_of(zip_of("readme.txt")) == FileKind::zip);
  CHECK(kind_of("PK\5\6"s + std::string(18, '\0')) == FileKind::zip);
  CHECK(kind_of(pickled("N")) == FileKind::pickle);
  CHECK(kind_of("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.") == FileKind::torch);
  CHECK(kind_of("\x0e\0\0\0\0\0\0\0{\"w\":{\"dtype\":"s) == FileKind::safetensors);
  CHECK(kind_of("\x89HDF\r\n\x1a\n") == FileKind::hdf5);
  CHECK(kind_of("MATLAB 5.0 MAT-file") == FileKind::matlab);
}

TEST_CASE("pictures and archives are told apart") {
  CHECK(kind_of("\x89PNG\r\n\x1a\n") == FileKind::png);
  CHECK(kind_of("\x89PNG\n\x1a\n") == FileKind::damaged_png);
  CHECK(kind_of("\xff\xd8\xff\xe0") == FileKind::jpeg);
  CHECK(kind_of("RIFF\1\0\0\0WEBPVP8 "s) == FileKind::webp);
  CHECK(kind_of("II*\0\x08"s) == FileKind::tiff);
  CHECK(kind_of("BM\1\0\0\0\0\0\0\0\x36\0"s) == FileKind::bmp);
  CHECK(kind_of("\0\0\0\x18" "ftypheic"s) == FileKind::heif);
  CHECK(kind_of("\x1f\x8b\x08") == FileKind::gzip);
  CHECK(kind_of(std::string(257, 'a') + "ustar\0"s) == FileKind::tar);
}

TEST_CASE("advice of the reader is for kinds that need none of their own") {
  CHECK(is("GIF89a", "convert it") == "is a GIF image, not a PNG; convert it");
  CHECK(is("\1\2\3", "convert it") == "is not a PNG; convert it");
  CHECK(is(utf16("2007_000032"), "convert it") == "is text in UTF-16, not a PNG; convert it");
  CHECK(is("\x1f\x8b\x08", "convert it") == "is a gzip file, not a PNG; unpack it with gunzip");
}

TEST_CASE("a reader refuses all kinds but its own and the unknown") {
  auto const require = [](std::string const& bytes) {
    require_kind(span_of(bytes), {FileKind::json}, "a.json", "masks as JSON");
  };
  CHECK_NOTHROW(require("[]"));
  CHECK_NOTHROW(require("12"));
  CHECK_THROWS_WITH(require("{'a': 1}"),
                    "a.json is a Python value that was printed as text, not masks as JSON; write "
                    "it with json.dump, numpy.save or torch.save instead of print() or str()");
}

TEST_CASE("relatives of SAM are known by the names of their tensors") {
  CHECK(relative({"image_encoder.blocks.0.attn.qkv.weight", "mask_decoder.iou_token.weight"}) == "");
  CHECK(relative({"conv1.weight"}) == "");
  CHECK(relative({}) == "");
  CHECK(relative({"image_encoder.pos_embed", "mask_decoder.hf_token.weight"}) == "SAM-HQ");
  CHECK(relative({"module.mask_decoder.compress_vit_feat.0.weight"}) == "SAM-HQ");
  CHECK(relative({"image_encoder.patch_embed.seq.0.c.weight"}) == "MobileSAM");
  CHECK(relative({"image_encoder.layers.1.blocks.0.attn.qkv.weight"}) == "MobileSAM");
  CHECK(relative({"image_encoder.trunk.pos_embed", "sam_mask_decoder.x"}) == "SAM 2");
  CHECK(relative({"maskmem_tpos_enc"}) == "SAM 2");
  CHECK(relative({"detector.backbone.vision_backbone.trunk.pos_embed",
                  "tracker.sam_mask_decoder.iou_token.weight"}) == "SAM 3");
  CHECK(relative({"vision_encoder.patch_embed.projection.weight"}) ==
        "SAM in the form of Hugging Face's transformers");
}
