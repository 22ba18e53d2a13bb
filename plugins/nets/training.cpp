#include "nets/training.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>
#include <utility>

#include "base/number_text.hpp"
#include "common/refuse_errors.hpp"
#include "nets/base/library.hpp"
#include "nets/networks.hpp"
#include "nets/shapes.hpp"

namespace seplflow::nets {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr char const* kLabelled = "labelled pixels";

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

Row row_of(std::optional<LoggedIterations> const& logged, bool has_score) {
  if (!logged) return {};
  Row row = {logged->iteration, logged->loss, logged->rate, logged->seconds};
  row.insert(row.end(), logged->parts.begin(), logged->parts.end());
  if (has_score) row.emplace_back(logged->score);
  return row;
}

void write(ByteWriter& bytes, LoggedIterations const& logged) {
  bytes.count(static_cast<std::uint64_t>(logged.iteration));
  bytes.number(logged.loss).number(logged.rate).number(logged.seconds);
  bytes.count(logged.parts.size());
  for (double const part : logged.parts) bytes.number(part);
  bytes.maybe(logged.score);
}

LoggedIterations read_logged(ByteReader& reader) {
  LoggedIterations logged;
  logged.iteration = static_cast<std::int64_t>(reader.count());
  logged.loss = reader.number();
  logged.rate = reader.number();
  logged.seconds = reader.number();
  for (std::size_t left = reader.length(); left > 0; --left) {
    logged.parts.push_back(reader.number());
  }
  logged.score = reader.maybe();
  return logged;
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
  if (network_ != Network::irn_cam) {
    check.expect_some({kLabelled, "all are 255 (ignored), so there is no gradient", false});
  }
  if (validate_every && *validate_every % log_every != 0) {
    check.refuse("validate_every",
                 "a row of the table is about " + std::to_string(log_every) +
                     " iterations (log_every), and has the score after them; expected a multiple "
                     "of that");
  }
}

std::vector<std::string> Training::columns() const {
  std::vector<std::string> names = {"iteration", "loss", "rate", "seconds"};
  for (std::string& name : loss_parts(network_)) names.push_back(std::move(name));
  if (!score_name().empty()) names.push_back(score_name());
  return names;
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

void Training::require_classes(ClassesPtr const& classes) const {
  bool const predicts = network_ == Network::deeplab || network_ == Network::irn_cam;
  if (!predicts || classes) return;
  throw Error("the data set does not say which classes it has, so the network has nothing to "
              "predict; use a data set with classes");
}

// As make_trainer() does it when the run begins.
void Training::check_sample(Sample const& sample) const {
  require_classes(sample.classes);
  if (checkpoint) shape_to_train(trainer_options({{}, {}, sample.classes}));
}

void Training::require_multiple(Size crop, std::uint32_t stride) const {
  if (crop.height % stride == 0 && crop.width % stride == 0) return;
  throw Error(std::string(name_of(network_)) + " learns from crops whose sides are multiples of " +
              std::to_string(stride) + ", but this one is " + to_string(crop) +
              "; choose such a size in augment.crop");
}

TrainingRecord Training::counted_labels(SampleContext const& context,
                                        TrainingRecord record) const {
  auto const unknown = std::ranges::count(record.labels, kIgnore);
  context.count(kLabelled, record.labels.size() - static_cast<std::size_t>(unknown));
  return record;
}

void Training::begin_fold(FoldStart const& start) {
  require_classes(start.classes);
  options_ = trainer_options(start);
  classes_ = start.classes;
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
  write_is_due_at_ = since_ + state_period();
  if (!fs::exists(state_file())) return;
  std::string const place = trainer_->restore(state_file());
  ByteReader reader(place);
  resumed_ = complete_ = written_ = reader.count();
  summed_ = static_cast<std::int64_t>(reader.count());
  sums_ = read_logged(reader);
}

Row Training::fold(Sample const& sample, TrainingRecord const& record, RunFile&) {
  bool const is_contained = folded_ < resumed_ && !began_anew_;
  bool const is_in_place = record.is_known && is_contained && record.number == folded_;
  if (!is_in_place && (record.is_known || is_contained)) begin_anew(sample, record);
  row_.reset();
  if (is_in_place) {
    row_ = record.row;
    if (row_) logged_ = row_;
    if (row_ && row_->score) score_ = row_->score;
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
  if (is_validated(sample)) ++validated_samples_;
  return row_of(row_, !score_name().empty());
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
  batch_.size = record.size;
  batch_.label_size = record.label_size.value_or(record.size);
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
  write_is_due_ = write_is_due_ || iteration % checkpoint_every == 0 || is_last ||
                  Clock::now() >= write_is_due_at_;
  if (iteration % log_every == 0 || is_last) log_iterations();
}

// The mean of the iterations since the last row, and the score of the weights if it is due.
void Training::log_iterations() {
  collect_reports();
  std::int64_t const iteration = trainer_->iteration();
  auto const count = static_cast<double>(summed_);
  LoggedIterations& row = row_.emplace(std::exchange(sums_, {}));
  summed_ = 0;
  row.iteration = iteration;
  row.loss /= count;
  row.seconds /= count;
  for (double& part : row.parts) part /= count;
  bool const is_last = iteration == options_.optimizer.iterations;
  if (!score_name().empty() && (is_last || iteration % *validate_every == 0)) {
    row.score = score_ = score(*trainer_);
    since_ = Clock::now();
  }
  logged_ = row_;
}

void Training::collect_reports() {
  for (IterationReport const& report : trainer_->take_reports()) {
    sums_.loss += report.loss;
    sums_.rate = report.rate;
    sums_.parts.resize(report.parts.size());
    for (std::size_t i = 0; i < report.parts.size(); ++i) sums_.parts[i] += report.parts[i];
    ++summed_;
  }
  auto const now = Clock::now();
  sums_.seconds += std::chrono::duration<double>(now - since_).count();
  since_ = now;
}

void Training::write_state() {
  write_is_due_ = false;
  if (written_ == complete_ || folder_.empty()) return;
  auto const begin = Clock::now();
  // The next row is about iterations before and after the state.
  collect_reports();
  ByteWriter place;
  place.count(complete_).count(static_cast<std::uint64_t>(summed_));
  write(place, sums_);
  write_atomically(state_file(), trainer_->encode_state(place.take()));
  written_ = complete_;
  constexpr int kLeastRatio = 200;  // of the time between two states to that of writing one
  auto const end = Clock::now();
  write_is_due_at_ = end + std::max<Clock::duration>(state_period(), kLeastRatio * (end - begin));
}

std::string Training::progress() const {
  if (!logged_) return {};
  std::string parts;
  std::vector<std::string> const names = loss_parts(network_);
  for (std::size_t i = 0; i < std::min(names.size(), logged_->parts.size()); ++i) {
    std::string const name = names[i].substr(std::string_view("loss_").size());
    parts += (i == 0 ? " (" : ", ") + name + " " + number_text("%.3g", logged_->parts[i]);
  }
  if (!parts.empty()) parts += ")";
  return "iteration " + std::to_string(logged_->iteration) + " of " +
         std::to_string(options_.optimizer.iterations) + ", loss " +
         number_text("%.4g", logged_->loss) + parts + ", rate " +
         number_text("%.3g", logged_->rate) + ", " + number_text("%.3g", logged_->seconds) +
         " s each" +
         (score_ ? ", " + score_name() + " " + number_text("%.4g", *score_) : std::string());
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
  if (score_) findings.metrics.set(score_name(), *score_);
  if (validated_samples_ > 0) {
    findings.warnings.push_back(
        counted(validated_samples_, "sample") +
        " of the training, repetitions included, are among the validation images, so " +
        score_name() + " does not say how the network does on other images");
  }
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
  if (row) write(bytes, *row);
  return bytes.take();
}

TrainingRecord Training::load(std::string_view bytes) const {
  ByteReader reader(bytes);
  TrainingRecord record;
  record.is_known = true;
  record.number = reader.count();
  if (reader.count() != 0) record.row = read_logged(reader);
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
    "layers, the seconds and the parts of the loss for each iteration.\n\n"
    "After every `checkpoint_every` iterations, and at the latest after 20 seconds (or 200 times "
    "what writing takes), the whole state of the training is written to `RUN/.state`. `seplflow run "
    "--resume` goes on from it and ends in the same weights as a run that was not interrupted. A loss "
    "that becomes infinite or NaN ends the run, with the iteration and the samples.\n\n"
    "`iterations` says how many samples the run takes: iterations x batch x iter_size, over as many "
    "epochs as that needs. A run that trains cannot write files for each sample.\n\n";

char const* const kValidationDetails =
    "With `validate_images` and `validate_labels`, the weights are scored after every "
    "`validate_every` iterations on images of their own, which are not learned from and change "
    "nothing: the weights that result are those of a training without validation. The images are "
    "read anew each time, one by one, and the training waits for it. A warning says if the "
    "training learns from any of them. ";

}  // namespace seplflow::nets
