// Which of the functions that the framework knows a stage has, and whether they are as they must be.
// Not for authors, except for the sentences in it, which a compiler shows.
#pragma once

#include <seplflow/detail/signature.hpp>
#include <seplflow/explanation.hpp>
#include <seplflow/stage.hpp>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace seplflow::detail {

// Has_NAME<T>: T has a member function called NAME, of any signature, overloaded or not. A name is
// ambiguous in a class that inherits it twice.
#define SEPLFLOW_DETAIL_NAMED(NAME)                                                      \
  struct Other_##NAME {                                                                  \
    int NAME;                                                                            \
  };                                                                                     \
  template <class T>                                                                     \
  struct Both_##NAME : T, Other_##NAME {};                                               \
  template <class T>                                                                     \
  concept Has_##NAME =                                                                   \
      ((std::is_final_v<T> && requires { &T::NAME; }) ||                                 \
       (!std::is_final_v<T> && !requires { &Both_##NAME<T>::NAME; })) &&                 \
      !requires { requires std::is_member_object_pointer_v<decltype(&T::NAME)>; };

SEPLFLOW_DETAIL_NAMED(next)
SEPLFLOW_DETAIL_NAMED(count)
SEPLFLOW_DETAIL_NAMED(offers)
SEPLFLOW_DETAIL_NAMED(decide)
SEPLFLOW_DETAIL_NAMED(carry_out)
SEPLFLOW_DETAIL_NAMED(carry_out_all)
SEPLFLOW_DETAIL_NAMED(fold)
SEPLFLOW_DETAIL_NAMED(columns)
SEPLFLOW_DETAIL_NAMED(finish)
SEPLFLOW_DETAIL_NAMED(save)
SEPLFLOW_DETAIL_NAMED(load)
SEPLFLOW_DETAIL_NAMED(list_file)
SEPLFLOW_DETAIL_NAMED(list_line)
SEPLFLOW_DETAIL_NAMED(list_notes)
SEPLFLOW_DETAIL_NAMED(run_file)
SEPLFLOW_DETAIL_NAMED(begin_fold)
SEPLFLOW_DETAIL_NAMED(wanted_samples)
SEPLFLOW_DETAIL_NAMED(progress)
SEPLFLOW_DETAIL_NAMED(check)
SEPLFLOW_DETAIL_NAMED(check_sample)
SEPLFLOW_DETAIL_NAMED(files)
SEPLFLOW_DETAIL_NAMED(needs_files)
SEPLFLOW_DETAIL_NAMED(explain)
#undef SEPLFLOW_DETAIL_NAMED

template <class T>
concept HasCall = requires { &T::operator(); };
template <class T>
concept InTwoSteps = Has_decide<T>;
template <class T>
concept IsSource = Has_next<T>;
template <class T>
concept IsObserver = Has_fold<T>;
// The inputs and the result of a stage. Those of a stage in two steps are the inputs of decide()
// and the result of carry_out().
template <class T>
struct CallOf : Signature<decltype(&T::operator())> {};

template <InTwoSteps T>
struct CallOf<T> : Signature<decltype(&T::decide)> {
  static_assert(Signature<decltype(&T::decide)>::kConst, "decide() must be const");
  using Decision = typename Signature<decltype(&T::decide)>::Result;
  using Result = typename Signature<decltype(&T::carry_out)>::Result;
  static_assert(std::equality_comparable<Decision>, "decisions must have an operator==");
};

template <class T>
concept IsSink = !IsSource<T> && !IsObserver<T> && !InTwoSteps<T> &&
                 std::is_void_v<typename CallOf<T>::Result>;

// An observer with run_file() passes the file to fold() and finish().
template <class T, class Record>
decltype(auto) call_fold(T& stage, Sample const& sample, Record const& record, RunFile& file)
  requires(Has_run_file<T> && requires { stage.fold(sample, record, file); })
{
  return stage.fold(sample, record, file);
}
template <class T, class Record>
decltype(auto) call_fold(T& stage, Sample const& sample, Record const& record, RunFile&)
  requires(!Has_run_file<T> && requires { stage.fold(sample, record); })
{
  return stage.fold(sample, record);
}
template <class T>
decltype(auto) call_finish(T& stage, RunFile& file)
  requires(Has_run_file<T> && requires { stage.finish(file); })
{
  return stage.finish(file);
}
template <class T>
decltype(auto) call_finish(T& stage, RunFile&)
  requires(!Has_run_file<T> && requires { stage.finish(); })
{
  return stage.finish();
}

template <class T, class Record>
concept FoldsRows = requires(T stage, Sample const& sample, Record const& record, RunFile& file) {
  { call_fold(stage, sample, record, file) } -> std::same_as<Row>;
};

// ---- The signatures ----

template <class T>
concept GoodNext = requires(T stage) {
  { stage.next() } -> std::same_as<std::optional<Sample>>;
};
template <class T>
concept GoodCount = requires(T const stage) {
  { stage.count() } -> std::integral;
};
template <class T>
concept GoodOffers = requires(T const stage, std::string_view output, OptionCheck const& check) {
  { stage.offers(output, check) } -> std::same_as<bool>;
};
template <class T>
concept GoodCheck = requires(T stage, OptionCheck& check) {
  { stage.check(check) } -> std::same_as<void>;
} && !requires(T stage, OptionCheck const& check) { stage.check(check); };
template <class T>
concept GoodCheckSample = requires(T const stage, Sample const& sample) {
  { stage.check_sample(sample) } -> std::same_as<void>;
};
template <class T>
concept GoodFiles = requires(T const stage, Sample const& sample) {
  { stage.files(sample) } -> std::same_as<std::vector<std::filesystem::path>>;
};
template <class T>
concept GoodNeedsFiles = requires(T const stage) {
  { stage.needs_files() } -> std::same_as<bool>;
};
template <class T>
concept GoodExplain =
    !IsSource<T> && requires { Signature<decltype(&T::explain)>::kConst; } &&
    Signature<decltype(&T::explain)>::kConst &&
    std::same_as<typename Signature<decltype(&T::explain)>::Result, Explanation> &&
    std::same_as<typename InputsOf<typename Signature<decltype(&T::explain)>::Parameters>::Type,
                 typename InputsOf<typename CallOf<T>::Parameters>::Type>;
template <class T>
concept GoodListFile = requires(T const stage) {
  { stage.list_file() } -> std::same_as<std::filesystem::path>;
};
template <class T>
concept GoodListLine = requires(T const stage, Sample const& sample) {
  { stage.list_line(sample) } -> std::same_as<std::string>;
};
template <class T>
concept GoodListNotes = requires(T const stage, Sample const& sample) {
  { stage.list_notes(sample) } -> std::same_as<std::vector<ListNote>>;
};
template <class T>
concept GoodColumns = requires(T const stage) {
  { stage.columns() } -> std::same_as<std::vector<std::string>>;
};
template <class T>
concept GoodFinish = requires(T stage, RunFile& file) {
  { call_finish(stage, file) } -> std::same_as<Findings>;
};
template <class T>
concept GoodRunFile = requires(T const stage) {
  { stage.run_file() } -> std::same_as<std::filesystem::path>;
};
template <class T>
concept GoodBeginFold = requires(T stage, FoldStart const& start) {
  { stage.begin_fold(start) } -> std::same_as<void>;
};
template <class T>
concept GoodWantedSamples = requires(T const stage) {
  { stage.wanted_samples() } -> std::same_as<std::uint64_t>;
};
template <class T>
concept GoodProgress = requires(T const stage) {
  { stage.progress() } -> std::same_as<std::string>;
};
template <class T, class Record>
concept GoodFold = FoldsRows<T, Record> ||
                   requires(T stage, Sample const& s, Record const& record, RunFile& file) {
  { call_fold(stage, s, record, file) } -> std::same_as<void>;
};
template <class T, class Record>
concept GoodSave = requires(T const stage, Record const& record) {
  { stage.save(record) } -> std::same_as<std::string>;
};
template <class T, class Record>
concept GoodLoad = requires(T const stage, std::string_view bytes) {
  { stage.load(bytes) } -> std::same_as<Record>;
};

// ---- The rules ----

#define SEPLFLOW_DETAIL_RULE(CONDITION, SENTENCE)       \
  static_assert(CONDITION, SENTENCE);                   \
  if constexpr (!(CONDITION)) return false; else

template <class T, class Decide = Signature<decltype(&T::decide)>>
constexpr bool kCarriesOutDecisions =
    Decide::Parameters::template follow<decltype(&T::carry_out), typename Decide::Result const&>;

template <class T>
concept GoodCarryOutAll =
    !std::is_member_function_pointer_v<decltype(&T::carry_out_all)> &&
    std::same_as<typename Signature<decltype(&T::carry_out_all)>::Result,
                 std::vector<typename CallOf<T>::Result>> &&
    InputsOf<typename CallOf<T>::Parameters>::Type::template follow<
        decltype(&T::carry_out_all), std::vector<typename CallOf<T>::Decision const*> const&>;

// Whether T can be wrapped. Where it cannot, the compiler shows one sentence of these.
template <class T>
constexpr bool has_one_call() {
  if constexpr (IsSource<T>) {
    SEPLFLOW_DETAIL_RULE(GoodNext<T>, "next() of a source must be `std::optional<Sample> next()`")
    SEPLFLOW_DETAIL_RULE(!HasCall<T>,
                         "a source has next() and no operator(); remove one of them, or call next() "
                         "something else if the stage is not a source")
    return true;
  } else if constexpr (Has_decide<T> || Has_carry_out<T>) {
    SEPLFLOW_DETAIL_RULE(Has_decide<T> && Has_carry_out<T>,
                         "decide() and carry_out() belong together: a stage has both or neither")
    SEPLFLOW_DETAIL_RULE((requires { &T::decide; } && requires { &T::carry_out; }),
                         "decide() and carry_out() must be neither overloaded nor templates")
    SEPLFLOW_DETAIL_RULE(!HasCall<T>, "a stage has operator(), or decide() and carry_out()")
    SEPLFLOW_DETAIL_RULE(!Has_fold<T>,
                         "a stage with decide() and carry_out() is a transform and has no fold()")
    SEPLFLOW_DETAIL_RULE(!std::is_member_function_pointer_v<decltype(&T::carry_out)>,
                         "carry_out() must be static: its result may depend only on the decision and "
                         "the inputs")
    SEPLFLOW_DETAIL_RULE(kCarriesOutDecisions<T>,
                         "carry_out() must take the result of decide() as `Decision const&` and then "
                         "the same inputs as decide()")
    SEPLFLOW_DETAIL_RULE(!Has_carry_out_all<T> || GoodCarryOutAll<T>,
                         "carry_out_all() must be static, take `std::vector<Decision const*> const&` "
                         "and then the inputs of decide(), without a SampleContext, and return a "
                         "std::vector of what carry_out() returns")
    return true;
  } else {
    SEPLFLOW_DETAIL_RULE(!Has_carry_out_all<T>,
                         "carry_out_all() belongs to a stage with decide() and carry_out()")
    SEPLFLOW_DETAIL_RULE(HasCall<T>,
                         "a stage needs operator(), neither overloaded nor a template; a source needs "
                         "`std::optional<Sample> next()` instead")
    return true;
  }
}

template <class T>
constexpr bool has_good_hooks() {
  SEPLFLOW_DETAIL_RULE(!Has_check<T> || GoodCheck<T>, "check() must be `void check(OptionCheck&)`")
  SEPLFLOW_DETAIL_RULE(!Has_check_sample<T> || (!IsSource<T> && GoodCheckSample<T>),
                       "check_sample() must be `void check_sample(Sample const&) const`; a source "
                       "has none")
  SEPLFLOW_DETAIL_RULE(!Has_count<T> || (IsSource<T> && GoodCount<T>),
                       "count() belongs to a source and must be `std::uint64_t count() const`")
  SEPLFLOW_DETAIL_RULE(!Has_offers<T> || (IsSource<T> && GoodOffers<T>),
                       "offers() belongs to a source and must be `bool offers(std::string_view "
                       "output, OptionCheck const&) const`")
  SEPLFLOW_DETAIL_RULE(!Has_files<T> || (!IsSource<T> && GoodFiles<T>),
                       "files() must be `std::vector<std::filesystem::path> files(Sample const&) "
                       "const`; a source passes it to output() instead, by another name")
  SEPLFLOW_DETAIL_RULE(!Has_needs_files<T> || GoodNeedsFiles<T>,
                       "needs_files() must be `bool needs_files() const`")
  SEPLFLOW_DETAIL_RULE(Has_list_file<T> == Has_list_line<T>,
                       "list_file() and list_line() belong together: a sink has both or neither")
  SEPLFLOW_DETAIL_RULE(!Has_list_file<T> || (IsSink<T> && GoodListFile<T>),
                       "list_file() belongs to a sink and must be `std::filesystem::path list_file() "
                       "const`")
  SEPLFLOW_DETAIL_RULE(!Has_list_line<T> || GoodListLine<T>,
                       "list_line() must be `std::string list_line(Sample const&) const`")
  SEPLFLOW_DETAIL_RULE(!Has_list_notes<T> || (Has_list_file<T> && GoodListNotes<T>),
                       "list_notes() belongs to a sink with list_file() and must be "
                       "`std::vector<ListNote> list_notes(Sample const&) const`")
  SEPLFLOW_DETAIL_RULE(Has_fold<T> == Has_finish<T>,
                       "fold() and finish() belong together: an observer has both, other stages "
                       "neither")
  SEPLFLOW_DETAIL_RULE(!Has_run_file<T> || (IsObserver<T> && GoodRunFile<T>),
                       "run_file() belongs to an observer and must be `std::filesystem::path "
                       "run_file() const`")
  SEPLFLOW_DETAIL_RULE(!Has_finish<T> || GoodFinish<T>,
                       "finish() must be `Findings finish()`, or `Findings finish(RunFile&)` of an "
                       "observer with run_file()")
  SEPLFLOW_DETAIL_RULE(!IsObserver<T> || Has_save<T> == Has_load<T>,
                       "save() and load() belong together: an observer has both or neither")
  SEPLFLOW_DETAIL_RULE(!Has_begin_fold<T> || (IsObserver<T> && Has_save<T> && GoodBeginFold<T>),
                       "begin_fold() belongs to an observer with save() and load(), and must be "
                       "`void begin_fold(FoldStart const&)`")
  SEPLFLOW_DETAIL_RULE(!Has_wanted_samples<T> || (IsObserver<T> && GoodWantedSamples<T>),
                       "wanted_samples() belongs to an observer and must be `std::uint64_t "
                       "wanted_samples() const`")
  SEPLFLOW_DETAIL_RULE(!Has_progress<T> || (IsObserver<T> && GoodProgress<T>),
                       "progress() belongs to an observer and must be `std::string progress() const`")
  SEPLFLOW_DETAIL_RULE(!Has_explain<T> || (!IsSource<T> && !IsObserver<T> && !IsSink<T>),
                       "explain() belongs to a transform")
  SEPLFLOW_DETAIL_RULE(!Has_explain<T> || GoodExplain<T>,
                       "explain() must be `Explanation explain(...) const` with the inputs of "
                       "operator(), or of decide(); a SampleContext const& may come first")
  SEPLFLOW_DETAIL_RULE(!Has_columns<T> || (IsObserver<T> && GoodColumns<T>),
                       "columns() belongs to an observer and must be `std::vector<std::string> "
                       "columns() const`")
  return true;
}

template <class T>
constexpr bool has_good_records() {
  if constexpr (IsObserver<T>) {
    using Record = typename CallOf<T>::Result;
    SEPLFLOW_DETAIL_RULE((GoodFold<T, Record>),
                         "fold() must be `Row fold(Sample const&, Record const&)`, or return void; "
                         "Record is what operator() returns; with run_file(), a RunFile& comes last")
    SEPLFLOW_DETAIL_RULE((FoldsRows<T, Record> == Has_columns<T>),
                         "an observer whose fold() returns a Row names its columns with columns(); "
                         "one whose fold() returns void has no columns")
    SEPLFLOW_DETAIL_RULE((!Has_save<T> || GoodSave<T, Record>),
                         "save() must be `std::string save(Record const&) const`; Record is what "
                         "operator() returns")
    SEPLFLOW_DETAIL_RULE((!Has_load<T> || GoodLoad<T, Record>),
                         "load() must be `Record load(std::string_view) const`; Record is what "
                         "operator() returns")
    return true;
  } else {
    return true;
  }
}

template <class T>
constexpr bool is_good_stage() {
  SEPLFLOW_DETAIL_RULE(std::is_default_constructible_v<T>,
                       "a stage must be default-constructible: its options are set afterwards")
  if constexpr (!has_one_call<T>()) {
    return false;
  } else if constexpr (!has_good_hooks<T>()) {
    return false;
  } else {
    return has_good_records<T>();
  }
}
#undef SEPLFLOW_DETAIL_RULE

// ---- Names that look like a hook's ----

#define SEPLFLOW_DETAIL_NEAR(NAME, HOOK)                                                        \
  template <class T>                                                                            \
  concept Near_##NAME =                                                                         \
      requires { requires std::is_member_function_pointer_v<decltype(&T::NAME)>; };             \
  template <class T>                                                                            \
  struct Warn_##NAME {                                                                          \
    [[deprecated("the framework does not call " #NAME "(); did you mean " #HOOK "()?")]]        \
    static constexpr void show() {}                                                             \
  };

// A warning for each.
#define SEPLFLOW_DETAIL_NEAR_NAMES(EACH)                                              \
  EACH(file, files) EACH(need_files, needs_files)            \
  EACH(needs_file, needs_files) EACH(checks, check) EACH(check_samples, check_sample) \
  EACH(colums, columns) EACH(counts, count) \
  EACH(finalize, finish) EACH(finished, finish) EACH(folds, fold)                     \
  EACH(saves, save) EACH(loads, load) EACH(listfile, list_file)                       \
  EACH(list_files, list_file) EACH(list_lines, list_line) EACH(decides, decide)       \
  EACH(list_note, list_notes) EACH(carryout, carry_out) EACH(explains, explain)       \
  EACH(explanation, explain)

SEPLFLOW_DETAIL_NEAR_NAMES(SEPLFLOW_DETAIL_NEAR)
#undef SEPLFLOW_DETAIL_NEAR

template <class T>
constexpr void warn_of_near_names() {
#define SEPLFLOW_DETAIL_WARN(NAME, HOOK) \
  if constexpr (Near_##NAME<T>) Warn_##NAME<T>::show();
  SEPLFLOW_DETAIL_NEAR_NAMES(SEPLFLOW_DETAIL_WARN)
#undef SEPLFLOW_DETAIL_WARN
}
#undef SEPLFLOW_DETAIL_NEAR_NAMES

}  // namespace seplflow::detail
