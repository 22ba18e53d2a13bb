#include <seplflow/label_map.hpp>

#include <atomic>
#include <mutex>
#include <optional>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

using Areas = std::array<std::uint64_t, 256>;

// A lazily computed value, safe to request from several threads.
template <class T>
class Lazy {
 public:
  Lazy() = default;
  explicit Lazy(T value) : value_(std::move(value)), ready_(true) {}

  bool ready() const { return ready_.load(std::memory_order_acquire); }

  template <class Compute>
  T const& get(Compute&& compute) const {
    if (!ready()) {
      std::scoped_lock const lock(mutex_);
      if (!ready()) {
        value_.emplace(compute());
        ready_.store(true, std::memory_order_release);
      }
    }
    return *value_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::optional<T> value_;
  mutable std::atomic<bool> ready_ = false;
};

LabelRuns runs_of(Size size, std::span<Label const> pixels) {
  ColumnRunScanner scanner(size);
  for (std::size_t y = 0; y < size.height; ++y) {
    scanner.add_row(pixels.subspan(y * size.width, size.width));
  }
  return LabelRuns(size, scanner.finish());
}

Areas areas_of(LabelRuns const& labels) {
  Areas areas{};
  std::uint32_t begin = 0;
  for (Run const& run : labels.runs()) {
    areas[run.value] += run.end - begin;
    begin = run.end;
  }
  return areas;
}

Areas areas_of(std::span<Label const> pixels) {
  Areas areas{};
  for_each_equal_run(pixels, [&](Label label, std::size_t length) { areas[label] += length; });
  return areas;
}

}  // namespace

// At least one of pixels and runs is set by the constructor.
struct LabelMap::Forms {
  explicit Forms(std::vector<Label> from) : pixels(std::move(from)) {}
  explicit Forms(LabelRuns from) : runs(std::move(from)) {}

  Lazy<std::vector<Label>> pixels;
  Lazy<LabelRuns> runs;
  Lazy<Areas> areas;
};

LabelMap::LabelMap(Size size, std::vector<Label> pixels)
    : size_(checked_size(size.height, size.width, "a label map")) {
  if (pixels.size() != size_.pixels()) {
    throw Error("a label map of " + to_string(size_) + " (height x width) needs " +
                std::to_string(size_.pixels()) + " pixels but was given " +
                std::to_string(pixels.size()));
  }
  forms_ = std::make_shared<Forms>(std::move(pixels));
}

LabelMap::LabelMap(LabelRuns runs)
    : size_(runs.size()), forms_(std::make_shared<Forms>(std::move(runs))) {}

LabelMap::LabelMap(Size size)
    : LabelMap(LabelRuns(size, {{static_cast<std::uint32_t>(size.pixels()), kBackground}})) {}

std::span<Label const> LabelMap::pixels() const {
  return forms_->pixels.get([&] { return row_major(runs()); });
}

std::span<Label const> LabelMap::row(std::uint32_t y) const {
  return pixels().subspan(std::size_t{y} * size_.width, size_.width);
}

LabelRuns const& LabelMap::runs() const {
  return forms_->runs.get([&] { return runs_of(size_, pixels()); });
}

bool LabelMap::operator==(LabelMap const& other) const {
  if (size_ != other.size_) return false;
  if (forms_ == other.forms_) return true;
  if (forms_->pixels.ready() && other.forms_->pixels.ready()) {
    return std::ranges::equal(pixels(), other.pixels());
  }
  return runs() == other.runs();
}

std::array<std::uint64_t, 256> const& label_areas(LabelMap const& labels) {
  return labels.forms_->areas.get([&] {
    return labels.forms_->runs.ready() ? areas_of(labels.runs()) : areas_of(labels.pixels());
  });
}

}  // namespace seplflow
