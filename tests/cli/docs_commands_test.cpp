// Every command in README.md and docs/*.md works.
//
// A block ```bash is run, in the order of its file, in a folder with a copy of pipelines/. One that
// needs more than that is tagged, ```bash needs="data": bash checks its syntax, and the parser of
// the command line every seplflow command in it. A block ```text output must be part of what the
// last command block printed; ```toml file=NAME is written to a file, and append=NAME added to one.
#include <algorithm>
#include <regex>
#include <set>

#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "support/catch.hpp"
#include "support/markdown.hpp"
#include "support/python.hpp"
#include "support/run_files.hpp"

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

namespace {

// Bash finds nothing here but its own commands and `seplflow`, which notes its arguments. Any other
// program does nothing, unless it starts a command of seplflow, as sudo or a container does.
constexpr char const* kDryRun = R"(
PATH=/nowhere HOME=/nowhere
seplflow() { printf '%s\0' "$@" $'\n' >> "$NOTES"; }
command_not_found_handle() {
  while [ $# -gt 1 ]; do
    case $1:$2 in seplflow:run|seplflow:[cgm]*|seplflow:stages) shift; seplflow "$@"; return ;; esac
    shift
  done
}
)";

class Documentation {
 public:
  Documentation() {
    fs::copy(SEPLFLOW_SOURCE_DIR "/pipelines", folder_ / "pipelines", fs::copy_options::recursive);
    std::string const path = std::getenv("PATH") ? std::getenv("PATH") : "";
    options_.folder = folder_.path();
    options_.environment = {
        {"PATH", fs::path(SEPLFLOW_PROGRAM).parent_path().string() +
                     ":" SEPLFLOW_SOURCE_DIR "/tests/data/schedulers:" + path},
        {"SEPLFLOW_PLUGIN_PATH", ""},
        {"SEPLFLOW_PYTHON", python()}};
  }

  void follow(MarkdownBlock const& block) {
    if (block.language == "bash") {
      block.tag("needs").empty() ? run(block) : check(block);
    } else if (block.tags == "output") {
      require_printed(block);
    } else if (!block.tag("file").empty()) {
      folder_.write(block.tag("file"), block.text);
    } else if (!block.tag("append").empty()) {
      std::string const before = read_text(folder_ / block.tag("append"));
      folder_.write(block.tag("append"), before + "\n" + block.text);
    }
  }

 private:
  void run(MarkdownBlock const& block) {
    auto const result = bash("set -e\n" + block.text);
    INFO(result.err);
    std::string const status = block.tag("status");
    CHECK(std::to_string(result.status) == (status.empty() ? "0" : status));
    printed_.clear();
    for (std::string const& line : lines_of(result.out + result.err))
      printed_.insert(timeless(line));
  }

  void check(MarkdownBlock const& block) {
    auto const syntax = run_program({"bash", "-n", folder_.write("block.sh", block.text).string()});
    INFO(syntax.err);
    CHECK(syntax.status == 0);
    std::size_t checked = 0;
    for (Words const& words : seplflow_commands(block)) {
      CAPTURE(words);
      CHECK_NOTHROW(seplflow::cli::parse(seplflow::cli::all_commands({}), words));
      ++checked;
    }
    std::regex const command("(^|\n)([^ \n]*/bin/)?seplflow ");
    auto const& text = block.text;
    CHECK(checked >=
          std::size_t(std::distance(std::sregex_iterator(text.begin(), text.end(), command), {})));
  }

  std::vector<Words> seplflow_commands(MarkdownBlock const& block) {
    fs::path const notes = folder_.write("notes", "");
    auto options = options_;
    options.environment["NOTES"] = notes.string();
    std::string const text =
        std::regex_replace(block.text, std::regex("[^ \n]*/bin/seplflow\\b"), "seplflow");
    run_program({"bash", "-c", kDryRun + text}, options);
    std::vector<Words> commands;
    Words words;
    std::istringstream stream(read_text(notes));
    for (std::string word; std::getline(stream, word, '\0');) {
      if (word == "\n") {
        commands.push_back(std::exchange(words, {}));
      } else {
        words.push_back(word);
      }
    }
    return commands;
  }

  void require_printed(MarkdownBlock const& block) const {
    for (std::string const& line : lines_of(block.text)) {
      if (line == "..." || line == "  ...") continue;
      CAPTURE(line);
      CHECK(printed_.contains(timeless(line)));
    }
  }

  // Without what differs from run to run: seconds, and samples in a second.
  static std::string timeless(std::string const& line) {
    std::string const text =
        std::regex_replace(line, std::regex("[0-9.]+ s \\([0-9.e+]+/s\\)"), "TIME");
    return std::regex_replace(text, std::regex("^(  \\S+ \\(\\S+\\) .*) +[0-9]+\\.[0-9]{2}$"),
                              "$1");
  }

  ProgramResult bash(std::string const& text) const {
    return run_program({"bash", "-c", text}, options_);
  }

  TempFolder folder_;
  ProgramOptions options_;
  std::set<std::string> printed_;
};

std::vector<fs::path> documents() {
  std::vector<fs::path> files = {SEPLFLOW_SOURCE_DIR "/README.md"};
  for (auto const& entry : fs::directory_iterator(SEPLFLOW_SOURCE_DIR "/docs")) {
    if (entry.path().extension() == ".md") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

TEST_CASE("every command in README.md and docs/*.md works") {
  for (fs::path const& file : documents()) {
    Documentation documentation;
    for (MarkdownBlock const& block : blocks_of(read_text(file))) {
      INFO(file.filename().string() << ":" << block.line << "\n" << block.text);
      CHECK(
          std::set<std::string>{"bash", "bibtex", "cmake", "cpp", "json", "mermaid", "python", "text",
                                "toml", "yaml"}
              .contains(block.language));
      documentation.follow(block);
    }
  }
}

TEST_CASE("every tag of a block in README.md and docs/*.md is known") {
  std::regex const known("( ?(output|(needs|status|file|append)=(\"[^\"]+\"|[^ \"]+)))*");
  for (fs::path const& file : documents()) {
    for (MarkdownBlock const& block : blocks_of(read_text(file))) {
      CAPTURE(file, block.line, block.tags);
      CHECK(std::regex_match(block.tags, known));
    }
  }
}

TEST_CASE("a block of Markdown without a language is refused") {
  CHECK_THROWS(blocks_of("Text:\n\n    seplflow run p.toml\n"));
  CHECK_THROWS(blocks_of("```bash\nseplflow run p.toml\n"));
  CHECK_THROWS(blocks_of("1. Text\n\n   ```bash\n   seplflow run p.toml\n   ```\n"));
  CHECK_THROWS(blocks_of("- Text\n\n      seplflow run p.toml\n"));
  CHECK(blocks_of("1. Text\n\n    More of it\n\n```\nx\n```\n").at(0).language.empty());
}
