#include "nets/training.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>

#include "base/number_text.hpp"
#include "common/refuse_errors.hpp"
#include "nets/base/library.hpp"
#include "nets/networks.hpp"
#include "nets/shapes.hpp"

namespace seplflow::nets {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// A failure leaves the file as it was.
void write_atomically(fs::path const& file, std::vector<std::uint8_t> const& bytes) {
  fs::path const aside = file.string() + ".partial";
  auto const fail = [&](char const* what) {
    int const code = errno;
    std::error_code ignored;
    fs::remove(aside, ignored);
    throw Error(std::string("cannot ") + what + " " + file.string() + ": " + std::strerror(code));
  };
  int const descriptor = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) fail("create");
  std::size_t written = 0;
  while (written < bytes.size()) {
    ssize_t const count = ::write(descriptor, bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
  }
  // What the old state contains must not be lost before the new one is on the disk.
  bool const is_safe = written == bytes.size() && ::fsync(descriptor) == 0;
  if (::close(descriptor) != 0 || !is_safe) fail("write");
  if (::rename(aside.c_str(), file.c_str()) != 0) fail("replace");
}

std::string number_text(char const* format, double number) {
  char text[64];
  std::snprintf(text, sizeof text, format, number);
  return text;
}

Row row_of(std::optional<LoggedIterations> const& logged) {
  if (!logged) return {};
  return {logged->iteration, logged->loss, logged->rate, logged->seconds};
}

}  // namespace

Training::Training(Network network) : network_(network) {
  OptimizerOptions const published = published_optimizer(network);
  iter_size = published.iter_size;
  rate = published.rate;
  momentum = published.momentum;
  weight_decay = published.weight_decay;
  power = published.power;
  rate_step = published.rate_step;
}

void Training::check_training(OptionCheck& check) {
  check.reads(library_file());
  check_device(
      check, device, [](std::string const& name) { return functions().resolve_device(name); },
      "the training runs on the CPU, where a published one takes weeks");
  if (!blocks.empty() && blocks.size() != 4) {
    check.refuse("blocks", "expected a number for each of the four groups, such as [3, 4, 23, 3]");
  }
  if (checkpoint && (width > 0 || !blocks.empty())) {
    check.refuse(width > 0 ? "width" : "blocks",
                 "the sizes of the network are those of the checkpoint; remove one of the two");
  }
  if (checkpoint) {
    refuse_errors(check, "checkpoint", [&] { shape_to_train(trainer_options({})); });
  }
}

std::int64_t Training::classes_of(Classes const& classes) const {
  return static_cast<std::int64_t>(classes.count());
}

std::unique_ptr<Trainer> Training::make_trainer(TrainerOptions const& options) const {
  shape_to_train(options);
  return functions().make_trainer(options);
}

std::vector<fs::path> Training::files(Sample const&) const {
  // The library counts as well, since another one may compute other weights.
  return {library_file()};
}

std::uint64_t Training::wanted_samples() const {
  if (!iterations) return 0;
  return static_cast<std::uint64_t>(*iterations * batch * iter_size + samples_afterwards());
}

TrainerOptions Training::trainer_options(FoldStart const& start) const {
  TrainerOptions options;
  options.network = network_;
  if (checkpoint) options.checkpoint = *checkpoint;
  options.device = device;
  options.precision = precision;
  options.seed = static_cast<std::uint64_t>(seed);
  options.width = width;
  if (blocks.size() == options.blocks.size()) {
    std::ranges::copy(blocks, options.blocks.begin());
  }
  options.classes = start.classes ? classes_of(*start.classes) : 0;
  std::int64_t const needed = batch * iter_size;
  options.optimizer.rate = rate;
  options.optimizer.momentum = momentum;
  options.optimizer.weight_decay = weight_decay;
  options.optimizer.power = power;
  options.optimizer.rate_step = rate_step;
  options.optimizer.iter_size = iter_size;
  auto const samples = static_cast<std::int64_t>(start.samples.value_or(0));
  options.optimizer.iterations = iterations.value_or((samples - samples_afterwards()) / needed);
  options.threads = threads > 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
  return options;
}

void Training::begin_fold(FoldStart const& start) {
  options_ = trainer_options(start);
  if (options_.optimizer.iterations < 1) {
    std::string const needed = counted(static_cast<std::uint64_t>(batch * iter_size), "sample");
    throw Error(start.samples
                    ? "an iteration needs " + needed + ", but the run has only " +
                          std::to_string(*start.samples) +
                          "; set iterations, or [run] epochs, or lower batch"
                    : "the data set does not say how many samples it has; set iterations");
  }
  folder_ = start.folder;
  trainer_ = make_trainer(options_);
  since_ = Clock::now();
  if (!fs::exists(state_file())) return;
  std::string const place = trainer_->restore(state_file());
  ByteReader reader(place);
  resumed_ = complete_ = written_ = reader.count();
  summed_ = static_cast<std::int64_t>(reader.count());
  sums_.loss = reader.number();
  sums_.rate = reader.number();
  sums_.seconds = reader.number();
}

Row Training::fold(Sample const& sample, TrainingRecord const& record, RunFile&) {
  bool const is_contained = folded_ < resumed_ && !began_anew_;
  bool const is_in_place = record.is_known && is_contained && record.number == folded_;
  if (!is_in_place && (record.is_known || is_contained)) begin_anew(sample, record);
  row_.reset();
  if (is_in_place) {
    row_ = record.row;
    if (row_) logged_ = row_;
    since_ = Clock::now();
  } else {
    // By now the samples of the iteration are in the ledger.
    if (write_is_due_) write_state();
    if (trainer_->iteration() < options_.optimizer.iterations) {
      learn(sample, record);
    } else if (samples_afterwards() > 0) {
      fold_afterwards(*trainer_, sample, record);
    } else {
      complete_ = folded_ + 1;
    }
  }
  ++folded_;
  return row_of(row_);
}

// The state contains other samples than those that the run has.
void Training::begin_anew(Sample const& sample, TrainingRecord const& record) {
  if (folded_ > 0 || record.is_known) {
    throw Error("the checkpoint contains what was learned from the first " +
                counted(resumed_, "sample") + ", but these changed: \"" + sample.id +
                "\" now comes after " + std::to_string(folded_) +
                " others, and its files, the order of the samples or the ledger are not as they "
                "were; train anew with --overwrite");
  }
  began_anew_ = true;
  trainer_ = make_trainer(options_);
  complete_ = written_ = 0;
  sums_ = {};
  summed_ = 0;
}

void Training::learn(Sample const& sample, TrainingRecord const& record) {
  if (batch_.count > 0 && batch_.size != record.size) {
    throw Error("its patch is " + to_string(record.size) + ", but the others of its batch are " +
                to_string(batch_.size) + "; insert augment.crop, which gives all the same size");
  }
  batch_.size = batch_.label_size = record.size;
  batch_.images.insert(batch_.images.end(), record.image.begin(), record.image.end());
  batch_.labels.insert(batch_.labels.end(), record.labels.begin(), record.labels.end());
  batch_.classes.insert(batch_.classes.end(), record.classes.begin(), record.classes.end());
  batch_.ids.push_back(sample.id);
  if (static_cast<std::int64_t>(++batch_.count) < batch) return;
  trainer_->accumulate(batch_);
  batch_.count = 0;
  batch_.images.clear();
  batch_.labels.clear();
  batch_.classes.clear();
  batch_.ids.clear();
  if (++micro_batches_ < iter_size) return;
  micro_batches_ = 0;
  trainer_->step();
  end_iteration();
}

void Training::end_iteration() {
  std::int64_t const iteration = trainer_->iteration();
  bool const is_last = iteration == options_.optimizer.iterations;
  complete_ = folded_ + 1;
  write_is_due_ = write_is_due_ || iteration % checkpoint_every == 0 || is_last;
  if (iteration % log_every != 0 && !is_last) return;
  collect_reports();
  auto const count = static_cast<double>(summed_);
  row_ = logged_ =
      LoggedIterations{iteration, sums_.loss / count, sums_.rate, sums_.seconds / count};
  sums_ = {};
  summed_ = 0;
}

void Training::collect_reports() {
  for (IterationReport const& report : trainer_->take_reports()) {
    sums_.loss += report.loss;
    sums_.rate = report.rate;
    ++summed_;
  }
  auto const now = Clock::now();
  sums_.seconds += std::chrono::duration<double>(now - since_).count();
  since_ = now;
}

void Training::write_state() {
  write_is_due_ = false;
  if (written_ == complete_ || folder_.empty()) return;
  // The next row is about iterations before and after the state.
  collect_reports();
  std::string const place = ByteWriter()
                                .count(complete_)
                                .count(static_cast<std::uint64_t>(summed_))
                                .number(sums_.loss)
                                .number(sums_.rate)
                                .number(sums_.seconds)
                                .take();
  write_atomically(state_file(), trainer_->encode_state(place));
  written_ = complete_;
}

std::string Training::progress() const {
  if (!logged_) return {};
  return "iteration " + std::to_string(logged_->iteration) + " of " +
         std::to_string(options_.optimizer.iterations) + ", loss " +
         number_text("%.4g", logged_->loss) + ", rate " + number_text("%.3g", logged_->rate) +
         ", " + number_text("%.3g", logged_->seconds) + " s each";
}

Findings Training::finish(RunFile& file) {
  std::int64_t const done = trainer_ ? trainer_->iteration() : 0;
  if (done == 0) {
    throw Error("no iteration was completed: " + counted(folded_, "sample") +
                " came, and an iteration needs " + std::to_string(batch * iter_size));
  }
  // The gradients of a part of an iteration are not in the weights.
  bool const is_whole = micro_batches_ == 0;
  if (is_whole) write_state();
  file.write(trainer_->encode_weights());
  Findings findings;
  findings.metrics.set("iterations", done).set("samples", folded_);
  if (logged_) findings.metrics.set("loss", logged_->loss).set("rate", logged_->rate);
  if (done < options_.optimizer.iterations) {
    findings.warnings.push_back(
        "the training ended after " + std::to_string(done) + " of " +
        std::to_string(options_.optimizer.iterations) +
        " iterations, because samples were skipped or failed, so the learning rate did not fall as "
        "far as it should");
  }
  if (began_anew_) {
    findings.warnings.push_back(
        "the checkpoint of the run before was not used, because the samples changed since");
  }
  return findings;
}

std::string Training::save(TrainingRecord const& record) const {
  // Called when the record has been folded.
  std::optional<LoggedIterations> const& row = record.is_known ? record.row : row_;
  ByteWriter bytes;
  bytes.count(record.is_known ? record.number : folded_ - 1).count(row ? 1 : 0);
  if (row) {
    bytes.count(static_cast<std::uint64_t>(row->iteration));
    bytes.number(row->loss).number(row->rate).number(row->seconds);
  }
  return bytes.take();
}

TrainingRecord Training::load(std::string_view bytes) const {
  ByteReader reader(bytes);
  TrainingRecord record;
  record.is_known = true;
  record.number = reader.count();
  if (reader.count() != 0) {
    LoggedIterations& row = record.row.emplace();
    row.iteration = static_cast<std::int64_t>(reader.count());
    row.loss = reader.number();
    row.rate = reader.number();
    row.seconds = reader.number();
  }
  reader.end();
  if (record.number >= resumed_) throw Error("the checkpoint does not contain the sample");
  return record;
}

char const* const kTrainingDetails =
    "The samples are learned from in the order of the run, which `[run] seed` shuffles, so the "
    "weights are the same for any number of jobs; on a CPU they are the same bits for the same "
    "number of `threads`. Other threads decode and augment ahead. The weights are written to "
    "`RUN/STAGE/weights.pth` when the training is complete, in the form of `torch.save`, with the "
    "names of the official code. `RUN/STAGE.csv` has the loss, the learning rate of the pretrained "
    "layers and the seconds for each iteration.\n\n"
    "After every `checkpoint_every` iterations the whole state of the training is written to "
    "`RUN/.state`. `seplflow run --resume` goes on from it and ends in the same weights as a run "
    "that was not interrupted. A loss that becomes infinite or NaN ends the run, with the iteration "
    "and the samples.\n\n"
    "`iterations` says how many samples the run takes: iterations x batch x iter_size, over as many "
    "epochs as that needs. A run that trains cannot write files for each sample.\n\n";

}  // namespace seplflow::nets
