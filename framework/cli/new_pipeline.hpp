// `seplflow new pipeline`: questions about what the user has, and the pipeline for the answers.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"

namespace seplflow::cli {

// By the name of the question. A question without an answer is not in it, or its answer is empty.
using Answers = std::map<std::string, std::string, std::less<>>;

std::string const& answer(Answers const& answers, std::string_view question);

// The path that an answer means: "~/data" as shells and pipelines read it.
std::filesystem::path path_in(std::string const& text);

// One of a few answers, and what it means.
struct Choice {
  std::string name, meaning;
};

struct Question {
  std::string name;         // of the option that answers it, without "--"
  std::string placeholder;  // of the option; FOLDER or FILE for a path
  std::string condition;    // when it arises, in words; may be empty
  std::string help;         // of the option
  std::string text;         // as it is asked
  // Whether it arises from the answers to the questions before.
  bool (*arises)(Answers const& answers);
  // The answers among which to choose; none: any text.
  std::vector<Choice> (*choices)(Answers const& answers);
  // The usual answer; empty: there is none.
  std::string (*usual)(Answers const& answers);
  // Throws Error, saying what is wrong and what is expected.
  void (*check)(std::string const& value, Answers const& answers);
};

// In the order in which they are asked.
std::vector<Question> const& questions();

// Whether files that answers name must exist.
enum class AnswerPaths { must_exist, may_come_later };

// Throws Error when it is not an answer to the question. What this program was built without is not
// a choice.
void check_answer(Question const& question, std::string const& value, Answers const& answers,
                  StageCatalog const& catalog, AnswerPaths paths = AnswerPaths::must_exist);

// What may be chosen with this program.
std::vector<Choice> available_choices(Question const& question, Answers const& answers,
                                      StageCatalog const& catalog);

// Asks what is not answered yet until the answers are right. Throws UsageError when the input ends.
void ask(Answers& answers, StageCatalog const& catalog, std::istream& in, std::ostream& out,
         AnswerPaths paths = AnswerPaths::must_exist);

// The pipeline for complete answers. It will be `file`, to which relative answers become relative;
// `schema` names the JSON Schema for editors.
std::string pipeline_text(Answers const& answers, std::filesystem::path const& file,
                          std::string const& schema);

// What `#:schema` can name: the schema that belongs to this program, or else a file that
// `seplflow stages --schema` would have to write beside the pipeline.
std::string schema_reference();

// Returns the exit status. `unchecked`: writes the pipeline even if it has errors.
int create_pipeline(std::filesystem::path const& file, Answers answers, bool unchecked);

}  // namespace seplflow::cli
