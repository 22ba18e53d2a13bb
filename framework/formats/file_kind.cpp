#include <seplflow/formats/file_kind.hpp>

#include <algorithm>
#include <array>
#include <cctype>

#include <seplflow/error.hpp>
#include "base/utf8.hpp"
#include "formats/numpy/pickle/values.hpp"

namespace seplflow {
namespace {

using Head = std::span<std::uint8_t const>;
using namespace std::string_view_literals;

struct Facts {
  FileKind kind;
  std::string_view name;    // "a PNG image"
  std::string_view advice;  // whatever was expected; may be empty
};

constexpr std::string_view kDownloadAgain = "copy or download it again";
constexpr std::string_view kUnpack = "unpack it";

constexpr std::array kFacts = {
    Facts{FileKind::zeros, "a file of zero bytes only", kDownloadAgain},
    Facts{FileKind::git_lfs_pointer, "a git-lfs pointer, which stands for the file itself",
          "run \"git lfs pull\" in its repository"},
    Facts{FileKind::git_annex_pointer, "a git-annex pointer, which stands for the file itself",
          "run \"git annex get\" in its repository"},
    Facts{FileKind::html, "an HTML page",
          "the download got a web page instead of the file: download the file itself"},
    Facts{FileKind::apple_double, "a file of macOS with attributes of another file (\"._NAME\")",
          "delete it"},
    Facts{FileKind::utf16, "text in UTF-16", "save it as UTF-8"},
    Facts{FileKind::python_text, "a Python value that was printed as text",
          "write it with json.dump, numpy.save or torch.save instead of print() or str()"},
    Facts{FileKind::json, "JSON", {}},
    Facts{FileKind::xml, "XML", {}},
    Facts{FileKind::text, "text", {}},
    Facts{FileKind::png, "a PNG image", {}},
    Facts{FileKind::damaged_png, "a PNG whose first bytes were changed, as a transfer as text does",
          kDownloadAgain},
    Facts{FileKind::jpeg, "a JPEG image", {}},
    Facts{FileKind::gif, "a GIF image", {}},
    Facts{FileKind::bmp, "a BMP image", {}},
    Facts{FileKind::tiff, "a TIFF image", {}},
    Facts{FileKind::webp, "a WebP image", {}},
    Facts{FileKind::heif, "a HEIF or AVIF image", {}},
    Facts{FileKind::npy, "a .npy file of numpy", {}},
    Facts{FileKind::npz, "a .npz file of numpy", {}},
    Facts{FileKind::torch, "a file of torch.save", {}},
    Facts{FileKind::pickle, "a pickle of Python", {}},
    Facts{FileKind::safetensors, "a safetensors file",
          "load it with safetensors.torch.load_file and write it with torch.save"},
    Facts{FileKind::hdf5, "an HDF5 file", {}},
    Facts{FileKind::matlab, "a MATLAB file", {}},
    Facts{FileKind::zip, "a zip file", kUnpack},
    Facts{FileKind::gzip, "a gzip file", "unpack it with gunzip"},
    Facts{FileKind::bzip2, "a bzip2 file", kUnpack},
    Facts{FileKind::xz, "an xz file", kUnpack},
    Facts{FileKind::zstd, "a zstd file", kUnpack},
    Facts{FileKind::tar, "a tar file", kUnpack},
    Facts{FileKind::pdf, "a PDF", {}},
};

// Whether the advice is only for readers that have none: a picture is not saved as UTF-8.
bool depends_on_reader(FileKind kind) {
  return kind == FileKind::utf16 || kind == FileKind::python_text ||
         kind == FileKind::safetensors;
}

Facts const* facts_of(FileKind kind) {
  auto const found = std::ranges::find(kFacts, kind, &Facts::kind);
  return found == kFacts.end() ? nullptr : &*found;
}

struct Mark {
  std::size_t at;
  std::string_view bytes;
  FileKind kind;
};

constexpr std::array kMarks = {
    Mark{0, "version https://git-lfs.github.com/"sv, FileKind::git_lfs_pointer},
    Mark{0, "/annex/objects/"sv, FileKind::git_annex_pointer},
    Mark{0, "\0\x05\x16\x07"sv, FileKind::apple_double},
    Mark{0, "\x89PNG\r\n\x1a\n"sv, FileKind::png},
    Mark{0, "\x89PNG"sv, FileKind::damaged_png},
    Mark{0, "\xff\xd8\xff"sv, FileKind::jpeg},
    Mark{0, "GIF89a"sv, FileKind::gif},
    Mark{0, "GIF87a"sv, FileKind::gif},
    Mark{0, "II*\0"sv, FileKind::tiff},
    Mark{0, "MM\0*"sv, FileKind::tiff},
    Mark{8, "WEBP"sv, FileKind::webp},
    Mark{4, "ftypheic"sv, FileKind::heif},
    Mark{4, "ftypmif1"sv, FileKind::heif},
    Mark{4, "ftypavif"sv, FileKind::heif},
    Mark{0, "\x93NUMPY"sv, FileKind::npy},
    Mark{0, "\x89HDF\r\n"sv, FileKind::hdf5},
    Mark{0, "MATLAB "sv, FileKind::matlab},
    Mark{0, "\x1f\x8b"sv, FileKind::gzip},
    Mark{4, "1AY&SY"sv, FileKind::bzip2},
    Mark{0, "\xfd\x37zXZ"sv, FileKind::xz},
    Mark{0, "\x28\xb5\x2f\xfd"sv, FileKind::zstd},
    Mark{257, "ustar"sv, FileKind::tar},
    Mark{0, "%PDF-"sv, FileKind::pdf},
    Mark{0, "\xff\xfe"sv, FileKind::utf16},
    Mark{0, "\xfe\xff"sv, FileKind::utf16},
};

std::string_view text_of(Head head) {
  return {reinterpret_cast<char const*>(head.data()), head.size()};
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string_view without_space(std::string_view text) {
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \t\r\n")));
  return text;
}

// Of a zip, by the name of its first entry.
FileKind kind_of_zip(std::string_view head) {
  constexpr std::size_t kNameSize = 26, kName = 30;
  if (head.size() < kName) return FileKind::zip;
  auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(head[i]); };
  std::string_view const name =
      head.substr(kName, byte(kNameSize) + 256U * byte(kNameSize + 1));
  if (name.ends_with(".npy")) return FileKind::npz;
  return name.ends_with("/data.pkl") ? FileKind::torch : FileKind::zip;
}

// Of what begins like a pickle, to which torch's older files belong.
FileKind kind_of_pickle(std::string_view head) {
  constexpr std::string_view kTorch = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv;
  constexpr std::size_t kFar = 32;
  return head.substr(0, kFar).find(kTorch) == std::string_view::npos ? FileKind::pickle
                                                                     : FileKind::torch;
}

// A header of JSON after its length in 8 bytes.
bool is_safetensors(std::string_view head) {
  constexpr std::size_t kLength = 8;
  if (head.size() < kLength + 2 || head[kLength] != '{') return false;
  std::string_view const json = without_space(head.substr(kLength + 1));
  bool const short_header = head.substr(4, 4) == "\0\0\0\0"sv;
  return short_header && (json.starts_with('"') || json.starts_with('}'));
}

// ASCII with a zero byte before or after each character.
bool is_unmarked_utf16(std::string_view head) {
  constexpr std::size_t kCharacters = 8;
  if (head.size() < 2 * kCharacters) return false;
  auto const is_ascii = [](char c) { return (c >= ' ' && c <= '~') || is_space(c); };
  for (std::size_t const text : {0, 1}) {
    bool all = true;
    for (std::size_t i = 0; i < kCharacters; ++i) {
      all = all && is_ascii(head[2 * i + text]) && head[2 * i + 1 - text] == '\0';
    }
    if (all) return true;
  }
  return false;
}

// Whether the text contains a tag of HTML near its beginning, in either case.
bool has_html(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::any_of(
      std::array{"<!doctype html"sv, "<html"sv, "<head"sv, "<body"sv, "<title"sv, "<script"sv},
      [&](std::string_view tag) { return lower.find(tag) != std::string::npos; });
}

// Python quotes with ', and writes None, True, nan, array(...), tensor(...).
bool is_python(std::string_view text) {
  for (std::string_view const word :
       {"array("sv, "tensor("sv, "OrderedDict("sv, "defaultdict("sv, "b'"sv, "b\""sv}) {
    if (text.starts_with(word)) return true;
  }
  std::size_t const value = std::min(text.size(), text.find_first_not_of("[{( \t\r\n"));
  if (value == 0) return false;
  bool const tuple = text.front() == '(';  // which pickles of protocol 0 begin with, too
  text.remove_prefix(value);
  if (tuple && !text.empty() && "'\"-0123456789"sv.find(text.front()) != text.npos) return true;
  for (std::string_view const word :
       {"'"sv, "array("sv, "tensor("sv, "True"sv, "False"sv, "None"sv, "b'"sv, "b\""sv}) {
    if (text.starts_with(word)) return true;
  }
  // numpy separates numbers by spaces: "[[0.  0.5", "[0 1".
  std::size_t const number = std::min(text.size(), text.find_first_not_of("+-.0123456789e"));
  std::string_view const next = without_space(text.substr(number));
  return number > 0 && number < text.size() && is_space(text[number]) && !next.empty() &&
         "+-.0123456789"sv.find(next.front()) != std::string_view::npos;
}

bool is_readable(std::string_view text) {
  auto const is_control = [](unsigned char c) {
    return (c < ' ' && !is_space(static_cast<char>(c))) || c == 127;
  };
  if (std::ranges::any_of(text, is_control)) return false;
  // The last character may be incomplete.
  for (std::size_t left_out = 0; left_out < 4 && left_out < text.size(); ++left_out) {
    if (is_utf8(text.substr(0, text.size() - left_out))) return true;
  }
  return false;
}

FileKind kind_of_text(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  text = without_space(text);
  if (text.empty()) return FileKind::unknown;
  if (text.front() == '<') {
    if (has_html(text)) return FileKind::html;
    return is_readable(text) ? FileKind::xml : FileKind::unknown;
  }
  if (is_python(text)) return FileKind::python_text;
  if (text.front() == '{' || text.front() == '[') return FileKind::json;
  auto const is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  constexpr std::size_t kShortest = 4;
  bool const has_words = text.size() >= kShortest && std::ranges::any_of(text, is_letter);
  return has_words && is_readable(text) ? FileKind::text : FileKind::unknown;
}

// "text that begins with "404: Not Found""
std::string name_of(FileKind kind, Head head) {
  std::string name(facts_of(kind)->name);
  if (kind != FileKind::text) return name;
  std::string_view const text = without_space(text_of(head));
  return name + " that begins with \"" +
         pickle::printable(text.substr(0, text.find_first_of("\r\n"))) + "\"";
}

}  // namespace

FileKind file_kind_of(Head bytes) {
  Head const head = bytes.first(std::min(bytes.size(), kFileKindBytes));
  if (head.empty()) return FileKind::empty;
  std::string_view const text = text_of(head);
  for (Mark const& mark : kMarks) {
    if (text.size() > mark.at && text.substr(mark.at).starts_with(mark.bytes)) return mark.kind;
  }
  if (text.starts_with("PK\3\4")) return kind_of_zip(text);
  if (text.starts_with("PK\5\6")) return FileKind::zip;  // without entries
  if (text.size() > 1 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5) {
    return kind_of_pickle(text);
  }
  if (is_safetensors(text)) return FileKind::safetensors;
  if (is_unmarked_utf16(text)) return FileKind::utf16;
  if (text.starts_with("BM") && text.size() > 10 && text.substr(6, 4) == "\0\0\0\0"sv) {
    return FileKind::bmp;
  }
  if (text.find_first_not_of('\0') == std::string_view::npos) return FileKind::zeros;
  return kind_of_text(text);
}

std::string what_it_is(Head head, std::string_view expected, std::string_view advice) {
  FileKind const kind = file_kind_of(head);
  auto const with = [](std::string text, std::string_view what_to_do) {
    return what_to_do.empty() ? text : text.append("; ").append(what_to_do);
  };
  if (kind == FileKind::empty) {
    return with("is empty (0 bytes); expected " + std::string(expected), kDownloadAgain);
  }
  if (kind == FileKind::unknown) return with("is not " + std::string(expected), advice);
  std::string_view const own = facts_of(kind)->advice;
  bool const use_own = !own.empty() && (advice.empty() || !depends_on_reader(kind));
  return with("is " + name_of(kind, head) + ", not " + std::string(expected),
              use_own ? own : advice);
}

void require_kind(Head head, std::initializer_list<FileKind> kinds, std::string_view name,
                  std::string_view expected, std::string_view advice) {
  FileKind const kind = file_kind_of(head);
  if (kind == FileKind::unknown || std::ranges::find(kinds, kind) != kinds.end()) return;
  throw Error(std::string(name) + " " + what_it_is(head, expected, advice));
}

std::string_view relative_of_sam(std::span<std::string_view const> tensors) {
  struct Part {
    std::string_view of_name, model;
  };
  // In this order: SAM 3 has parts of SAM 2, and models of SAM-HQ parts of all others.
  constexpr std::array kParts = {
      Part{"detector.backbone.", "SAM 3"},
      Part{"detector.transformer.", "SAM 3"},
      Part{"detector.geometry_encoder.", "SAM 3"},
      Part{"tracker.sam_mask_decoder.", "SAM 3"},
      Part{"tracker.maskmem_", "SAM 3"},
      Part{"detector_model.", "SAM 3"},
      Part{"tracker_model.", "SAM 3"},
      Part{"vision_backbone.trunk.", "SAM 3"},
      Part{"hf_token", "SAM-HQ"},
      Part{"hf_mlp", "SAM-HQ"},
      Part{"compress_vit_feat", "SAM-HQ"},
      Part{"embedding_maskfeature", "SAM-HQ"},
      Part{"sam_mask_decoder.", "SAM 2"},
      Part{"sam_prompt_encoder.", "SAM 2"},
      Part{"memory_attention.", "SAM 2"},
      Part{"memory_encoder.", "SAM 2"},
      Part{"maskmem_tpos_enc", "SAM 2"},
      Part{"image_encoder.trunk.", "SAM 2"},
      Part{"image_encoder.patch_embed.seq.", "MobileSAM"},
      Part{"image_encoder.layers.", "MobileSAM"},
      Part{"shared_image_embedding.", "SAM in the form of Hugging Face's transformers"},
      Part{"vision_encoder.patch_embed.", "SAM in the form of Hugging Face's transformers"},
  };
  for (Part const& part : kParts) {
    bool const has = std::ranges::any_of(tensors, [&](std::string_view tensor) {
      return tensor.find(part.of_name) != std::string_view::npos;
    });
    if (has) return part.model;
  }
  return {};
}

}  // namespace seplflow
