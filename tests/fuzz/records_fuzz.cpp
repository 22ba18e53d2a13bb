// Reads any bytes as a ledger.records. The result must be problems, and memories that survive being
// written and read again.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include <seplflow/bytes.hpp>
#include <seplflow/confusion_matrix.hpp>
#include <seplflow/error.hpp>
#include "run/resume/fingerprint.hpp"
#include "run/resume/sample_memory.hpp"
#include "support/temp_folder.hpp"

namespace {

using namespace seplflow;
namespace fs = std::filesystem;

void require(bool holds) {
  if (!holds) std::abort();
}

TempFolder const& folder() {
  static TempFolder const made;
  return made;
}

void write(fs::path const& file, std::string_view bytes) {
  std::FILE* const stream = std::fopen(file.c_str(), "wb");
  require(stream && std::fwrite(bytes.data(), 1, bytes.size(), stream) == bytes.size());
  std::fclose(stream);
}

template <class F>
void ignore_errors(F const& read) {
  try {
    read();
  } catch (Error const&) {
  }
}

void require_equal(SampleMemory const& a, SampleMemory const& b) {
  require(a.id == b.id && a.identity == b.identity && a.line == b.line);
  require(a.entries.size() == b.entries.size());
  for (std::size_t i = 0; i < a.entries.size(); ++i) {
    auto const &x = a.entries[i], &y = b.entries[i];
    require(x.key == y.key && x.stamp == y.stamp && x.kind == y.kind);
    require((x.kept == nullptr) == (y.kept == nullptr) && (!x.kept || *x.kept == *y.kept));
  }
}

// Stored results may hold any bytes.
void read_kept(std::string const& bytes) {
  ignore_errors([&] { decode_files(bytes); });
  ignore_errors([&] {
    ByteReader reader(bytes);
    ConfusionMatrix const matrix = ConfusionMatrix::read(reader);
    ByteWriter writer;
    matrix.write(writer);
    std::string const again = writer.take();
    ByteReader second(again);
    require(ConfusionMatrix::read(second) == matrix);
  });
}

void read(std::string_view bytes) {
  fs::path const file = folder() / "records", copy = folder() / "copy";
  write(file, bytes);
  MemoryReader reader(file);
  reader.index();
  MemoryWriter writer(copy);
  std::size_t whole = 0;
  for (std::size_t i = 0; i < reader.count(); ++i) {
    SampleMemory const memory = reader.at(i);
    for (auto const& entry : memory.entries) {
      require(memory.find(entry.key) != nullptr);
      if (entry.kept) read_kept(*entry.kept);
    }
    auto const found = reader.find(memory.id);
    require(!found || found->id == memory.id);
    writer.append(memory);
    ++whole;
  }
  writer.close();
  MemoryReader const again(copy);
  require(again.problems().empty() && again.count() == whole);
  for (std::size_t i = 0; i < whole; ++i) require_equal(again.at(i), reader.at(i));
}

// Reads any bytes as a ledger.records. The result must be problems, and memories that survive being
// written and read again.
std::string framed(std::string_view payload) {
  std::string bytes = "seplflow ledger.records 1\n";
  auto const put = [&](std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
  };
  put(payload.size(), 4);
  put(fingerprint(payload), 8);
  return bytes.append(payload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string const bytes(reinterpret_cast<char const*>(data), size);
  read(bytes);
  read(framed(bytes));
  read_kept(bytes);
  return 0;
}
