#include <seplflow/seplflow.hpp>

#include <cmath>
#include <stdexcept>

using namespace seplflow;

namespace {

struct Changes {
  int calls = 0;
  LabelMap operator()(LabelMap const& labels) {
    ++calls;
    return labels;
  }
};

enum class Mode { first, second };

struct Options {
  double five = 5, nan = std::nan(""), one = 1;
  bool flag = false;
  std::string text = "c";
  Mode mode = Mode::second;
  std::vector<double> numbers = {0, 7};
  LabelMap operator()(LabelMap const& labels) const { return labels; }
};

struct Unlicensed {
  double one = 1;
  Unlicensed() { throw std::runtime_error("no licence found"); }
  LabelMap operator()(LabelMap const& labels) const { return labels; }
};

// A stage with one option.
template <class... Arguments>
void declare(Plugin& plugin, std::string const& name, std::string const& option,
             Arguments const&... arguments) {
  plugin.stage<Options>("test." + name, "Has an option that cannot be")
      .inputs("labels")
      .output("labels")
      .option(option, arguments...);
}

}  // namespace

SEPLFLOW_PLUGIN(plugin) {
  plugin.version("2.5");
  plugin.stage<Changes>("test.wrong", "Two inputs named, one taken; changes itself, not serial")
      .inputs("labels", "more")
      .output("labels")
      .on_request("labels")
      .option("use", &Changes::calls, "a reserved name");
  declare(plugin, "range", "a", &Options::five, "five", in_range(0, 1));
  declare(plugin, "nan", "a", &Options::nan, "not a number");
  declare(plugin, "reversed", "a", &Options::one, "one", in_range(2, 1));
  declare(plugin, "none", "a", &Options::text, "text", one_of({}));
  declare(plugin, "twice", "a", &Options::text, "text", one_of({"c", "d", "c"}));
  declare(plugin, "text", "a", &Options::text, "text", one_of({"a", "b"}));
  declare(plugin, "mode", "a", &Options::mode, "mode", choices<Mode>({{"first", Mode::first}}));
  declare(plugin, "flag", "a", &Options::flag, "flag", in_range(0, 1));
  declare(plugin, "folder", "a", &Options::text, "text", existing_folder());
  declare(plugin, "numbers", "a", &Options::numbers, "numbers", in_range(0, 1));
  declare(plugin, "spaces", "On Error", &Options::one, "one");
  declare(plugin, "silent", "a", &Options::one, "");
  plugin.stage<Unlicensed>("test.unlicensed", "Throws in its constructor")
      .inputs("labels")
      .output("labels")
      .option("a", &Unlicensed::one, "one");
  plugin.stage<Options>("test.mute", "").inputs("labels").output("labels");
  declare(plugin, "right", "a", &Options::one, "one", in_range(0, 1));
}
