#include "cli/new_pipeline.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/screen.hpp"
#include "cli/shell_words.hpp"
#include "pipeline/open_samples.hpp"
#include "pipeline/option_text.hpp"
#include "run/crash_report.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

void print_question(Question const& question, std::vector<Choice> const& choices,
                    std::ostream& out) {
  std::size_t const width = screen_of(STDOUT_FILENO).text_width();
  out << '\n' << wrapped(question.text, width) << '\n';
  std::size_t column = 0;
  for (Choice const& choice : choices) column = std::max(column, choice.name.size() + 4);
  std::string plain;
  for (Choice const& choice : choices) {
    std::string line = "  " + choice.name;
    if (choice.meaning.empty()) {
      plain += (plain.empty() ? "  " : ", ") + choice.name;
      continue;
    }
    line.resize(column, ' ');
    out << wrapped(plain.empty() ? "" : plain + "\n", width)
        << wrapped(line + choice.meaning, width, column - 2) << '\n';
    plain.clear();
  }
  if (!plain.empty()) out << wrapped(plain, width) << '\n';
}

std::string trimmed(std::string const& line) {
  constexpr char const* kBlank = " \t\r";
  std::size_t const begin = line.find_first_not_of(kBlank);
  if (begin == std::string::npos) return "";
  return line.substr(begin, line.find_last_not_of(kBlank) - begin + 1);
}

std::string read_answer(std::string const& prompt, std::istream& in, std::ostream& out) {
  out << prompt << ": " << std::flush;
  std::string line;
  if (std::getline(in, line)) return trimmed(line);
  throw UsageError("the input ended before all questions were answered; nothing was written");
}

void ask_one(Question const& question, Answers& answers, StageCatalog const& catalog,
             std::istream& in, std::ostream& out, AnswerPaths paths) {
  std::string const before = answer(answers, question.name);
  std::string const usual = before.empty() ? question.usual(answers) : before;
  print_question(question, available_choices(question, answers, catalog), out);
  while (true) {
    std::string value =
        read_answer(question.name + (usual.empty() ? "" : " [" + usual + "]"), in, out);
    if (value.empty()) value = usual;
    try {
      check_answer(question, value, answers, catalog, paths);
      answers[question.name] = value;
      return;
    } catch (Error const& error) {
      out << "  " << without_controls(error.what()) << '\n';
    }
  }
}

// The error in the answer to a question that arises; empty if there is none.
std::string error_in(Question const& question, Answers const& answers, StageCatalog const& catalog,
                     AnswerPaths paths) {
  try {
    check_answer(question, answer(answers, question.name), answers, catalog, paths);
    return "";
  } catch (Error const& error) {
    return error.what();
  }
}

std::string as_option(Question const& question, Answers const& answers,
                      StageCatalog const& catalog) {
  std::string value;
  for (Choice const& choice : available_choices(question, answers, catalog)) {
    value += (value.empty() ? "" : "|") + choice.name;
  }
  return "--" + question.name + " " + (value.empty() ? question.placeholder : value);
}

// Answers to questions that the other answers do not raise.
std::vector<std::string> surplus_answers(Answers const& answers) {
  std::vector<std::string> errors;
  for (Question const& question : questions()) {
    if (answer(answers, question.name).empty() || question.arises(answers)) continue;
    errors.push_back("option \"--" + question.name + "\" does not apply here" +
                     (question.condition.empty() ? "" : ", only " + question.condition));
  }
  return errors;
}

// Completes the answers where nobody can be asked. What is missing decides what applies. Throws
// CommandLineError for all that is missing or wrong.
void complete_answers(Answers& answers, StageCatalog const& catalog, AnswerPaths paths) {
  std::vector<std::string> errors;
  for (Question const& question : questions()) {
    if (!question.arises(answers)) continue;
    std::string& value = answers[question.name];
    if (value.empty()) value = question.usual(answers);
    if (value.empty()) {
      errors.push_back(as_option(question, answers, catalog) + " is missing: " + question.help);
    } else if (auto const error = error_in(question, answers, catalog, paths); !error.empty()) {
      errors.push_back("option \"--" + question.name + "\": " + error);
    }
  }
  if (answer(answers, "data").empty()) {
    errors.push_back(
        "the data set decides what else is needed; on a terminal, \"seplflow new pipeline "
        "FILE\" asks for everything");
  }
  if (!errors.empty()) throw CommandLineError(errors);
}

// What `seplflow check` would find in the file.
std::vector<Problem> problems_in(std::string const& text, fs::path const& file,
                                 StageCatalog const& catalog) {
  CrashReport const report;
  PipelineRequest request;
  request.file = file;
  request.look_for_files = true;
  try {
    Pipeline const pipeline = parse_pipeline(text, request, catalog);
    for (Problem const& warning : pipeline.warnings) print_warning(warning);
    OpenedSamples const opened = open_samples(pipeline);
    for (Problem const& warning : opened.warnings) print_warning(warning);
    return opened.errors;
  } catch (PipelineError const& error) {
    return error.problems();
  }
}

// The file must not exist, also if somebody creates it meanwhile.
void write_new(fs::path const& file, std::string const& text) {
  std::error_code error;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  std::FILE* const stream = std::fopen(file.c_str(), "wx");
  if (stream == nullptr) {
    throw UsageError("cannot write \"" + file.string() + "\": " + std::strerror(errno));
  }
  bool const is_written = std::fwrite(text.data(), 1, text.size(), stream) == text.size();
  if (std::fclose(stream) != 0 || !is_written) {
    throw Error("cannot write \"" + file.string() + "\": " + std::strerror(errno));
  }
}

bool wants(std::string const& what, std::istream& in, std::ostream& out) {
  while (true) {
    std::string const reply = read_answer(what + " (yes or no)", in, out);
    if (reply == "yes" || reply == "y") return true;
    if (reply == "no" || reply == "n") return false;
    out << "  expected yes or no\n";
  }
}

void report_new(fs::path const& file, bool is_sound) {
  std::string const name = quoted_word(file.string());
  std::cout << "Wrote " << file.string() << (is_sound ? ", in which check finds no errors" : "")
            << ". Next:\n\n"
            << (is_sound ? "" : "  seplflow check " + name + "\n")  //
            << "  seplflow run " << name << " --limit 10 --out runs/first-ten\n";
  if (fs::path(schema_reference()).is_absolute()) return;
  std::cout << "\nEditors complete and check the file if its folder has the schema:\n\n"
               "  seplflow stages --schema > pipeline.schema.json\n";
}

// Asks until the pipeline is right, or the user wants it as it is. Returns its problems.
std::vector<Problem> ask_until_right(fs::path const& file, Answers& answers,
                                     StageCatalog const& catalog) {
  while (true) {
    auto problems = problems_in(pipeline_text(answers, file, schema_reference()), file, catalog);
    if (problems.empty()) return problems;
    print_errors(problems);
    if (!wants("These are errors of the new pipeline. Answer again?", std::cin, std::cout)) {
      return problems;
    }
    for (Question const& question : questions()) {
      if (question.arises(answers)) {
        ask_one(question, answers, catalog, std::cin, std::cout, AnswerPaths::must_exist);
      } else {
        answers[question.name].clear();
      }
    }
  }
}

// The problems of the pipeline where nobody can be asked, of which it must have none.
void require_no_problems(fs::path const& file, Answers const& answers,
                         StageCatalog const& catalog) {
  auto const problems =
      problems_in(pipeline_text(answers, file, schema_reference()), file, catalog);
  if (problems.empty()) return;
  print_errors(problems);
  throw UsageError(
      "nothing was written, because of these errors in the new pipeline; with --unchecked it is "
      "written nevertheless");
}

}  // namespace

void ask(Answers& answers, StageCatalog const& catalog, std::istream& in, std::ostream& out,
         AnswerPaths paths) {
  for (Question const& question : questions()) {
    if (!question.arises(answers)) continue;
    std::string const given = answer(answers, question.name);
    std::string const error = error_in(question, answers, catalog, paths);
    if (error.empty()) continue;
    if (!given.empty()) out << "--" << question.name << ": " << without_controls(error) << '\n';
    answers[question.name].clear();
    ask_one(question, answers, catalog, in, out, paths);
  }
}

std::string schema_reference() {
  std::error_code error;
  fs::path const program = fs::read_symlink("/proc/self/exe", error);
  fs::path const schema =
      program.parent_path().parent_path() / "share/seplflow/pipelines/pipeline.schema.json";
  if (!fs::is_regular_file(schema, error)) return "pipeline.schema.json";
  // Editors read it as a URL.
  std::string url;
  for (char const letter : schema.string()) {
    constexpr char const* kDigits = "0123456789ABCDEF";
    bool const is_plain = std::string_view(" %#?\n\r\t").find(letter) == std::string_view::npos;
    auto const byte = static_cast<unsigned char>(letter);
    url += is_plain ? std::string(1, letter)
                    : std::string("%") + kDigits[byte >> 4] + kDigits[byte & 15];
  }
  return url;
}

int create_pipeline(fs::path const& file, Answers answers, bool unchecked) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(file, error))) {
    throw UsageError("\"" + file.string() +
                     "\" exists and is not overwritten; choose another name");
  }
  StageCatalog const catalog = catalog_with_warnings();
  bool const is_terminal = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
  AnswerPaths const paths = unchecked ? AnswerPaths::may_come_later : AnswerPaths::must_exist;
  if (is_terminal) {
    ask(answers, catalog, std::cin, std::cout, paths);
  } else {
    complete_answers(answers, catalog, paths);
  }
  if (auto const surplus = surplus_answers(answers); !surplus.empty()) {
    throw CommandLineError(surplus);
  }
  bool is_sound = !unchecked;
  if (!unchecked && is_terminal) {
    is_sound = ask_until_right(file, answers, catalog).empty();
  } else if (!unchecked) {
    require_no_problems(file, answers, catalog);
  }
  write_new(file, pipeline_text(answers, file, schema_reference()));
  report_new(file, is_sound);
  return kDone;
}

}  // namespace seplflow::cli
