#include "run/resume/hints.hpp"

#include <algorithm>

#include "run/crash_report.hpp"

namespace seplflow {

std::string command_text(std::vector<std::string> const& words) {
  std::string text;
  for (std::string const& word : words) text += (text.empty() ? "" : " ") + shell_word(word);
  return text;
}

std::string resuming_command(RunRequest const& request, RunSettings const& run) {
  if (!request.shards.empty()) return command_text(request.command_line);
  std::vector<std::string> words;
  for (std::size_t i = 0; i < request.command_line.size(); ++i) {
    std::string word = request.command_line[i];
    bool const is_auto = !run.shard_from.empty();
    // Outside of the scheduler's job, "auto" means nothing.
    if (is_auto && word.starts_with("--shard=")) word = "--shard=" + text_of(run.shard);
    if (is_auto && i > 0 && request.command_line[i - 1] == "--shard") word = text_of(run.shard);
    if (word == "--skip" || word == "--trace") ++i;
    bool const is_left_out = word == "--resume" || word == "--overwrite" ||
                             word == "--remove-unlisted" || word.starts_with("--skip") ||
                             word.starts_with("--trace");
    if (!is_left_out) words.push_back(word);
  }
  words.emplace_back("--resume");
  for (std::string const& id : run.skip) words.insert(words.end(), {"--skip", id});
  return command_text(words);
}

std::string death_text(RunFolder const& folder, RunRequest const& request, RunSettings const& run) {
  RunRecord const& before = *folder.before();
  Json const crash = before.json.value("crash", Json::object());
  std::string const sample = bytes_of_text(text_in(crash, "sample"));
  // Of a crash in a thread that a stage started, the sample is not known.
  bool const was_killed = before.status == "running" || !crash.empty();
  std::vector<std::string> ids = {sample};
  if (sample.empty() && was_killed) ids = folder.at_work_before();
  std::erase_if(ids, [&](std::string const& id) {
    return id.empty() || std::ranges::count(run.skip, id) > 0;
  });
  if (ids.empty() || !request.shards.empty()) return "";
  std::string text = crash.empty() ? "the previous run was killed while it worked on "
                                   : "the previous run died on ";
  text += ids.size() == 1 ? "sample " : "one of the samples ";
  for (std::string const& id : ids) text += (&id == &ids.front() ? "\"" : ", \"") + id + "\"";
  std::string const stage = text_in(crash, "stage"), signal = text_in(crash, "signal");
  if (!stage.empty()) text += " in stage \"" + stage + "\"";
  if (!signal.empty()) text += " (" + signal + ")";
  return text + "; if that happens again, leave it out: " + resuming_command(request, run) +
         " --skip " + shell_word(ids.front());
}

}  // namespace seplflow
