#include "cli/errors.hpp"

#include "base/number_text.hpp"
#include "cli/commands.hpp"

namespace seplflow::cli {
namespace {

// The quoted line and its caret stay as they are.
void print_problem(std::ostream& out, Screen const& screen, Colour colour, std::string const& kind,
                   Problem const& problem) {
  std::string text = to_string(problem, screen.paint(colour, kind));
  text.pop_back();  // the caret
  std::size_t const end = text.find('\n');
  out << wrapped(text.substr(0, end), screen.width, 4) << text.substr(end)
      << screen.paint(colour, "^") << '\n';
}

void print_error(std::ostream& out, Screen const& screen, std::string const& message) {
  out << wrapped(screen.paint(Colour::red, "error") + ": " + message, screen.width, 4) << '\n';
}

void print_total(std::ostream& out, std::size_t errors) {
  if (errors > 1) out << counted(errors, "error") << '\n';
}

}  // namespace

void print_warning(std::ostream& out, Screen const& screen, Problem const& warning) {
  print_problem(out, screen, Colour::yellow, "warning", warning);
}

int report_error(std::ostream& out, Screen const& screen) {
  try {
    throw;
  } catch (PipelineError const& error) {
    for (Problem const& problem : error.problems()) {
      print_problem(out, screen, Colour::red, "error", problem);
    }
    print_total(out, error.problems().size());
    return kUsage;
  } catch (CommandLineError const& error) {
    for (std::string const& each : error.errors()) print_error(out, screen, each);
    print_total(out, error.errors().size());
    return kUsage;
  } catch (UsageError const& error) {
    print_error(out, screen, error.what());
    return kUsage;
  } catch (std::exception const& error) {
    print_error(out, screen, error.what());
  } catch (...) {
    print_error(out, screen, "an exception was thrown that is not a std::exception");
  }
  return kFailed;
}

}  // namespace seplflow::cli
