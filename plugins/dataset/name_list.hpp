// Lists of sample names.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace seplflow::dataset {

// The names in a list file, one a line, in its order. Lines may end in CRLF, the last may have no
// end, blank lines mean nothing. Throws Error, naming every line that is wrong, for a name that
// files must not have (why_unsafe_id), one that comes twice, one with spaces in it, and when there
// is none.
std::vector<std::string> read_name_list(std::filesystem::path const& file);

// The pictures in a folder (.jpg, .jpeg, .png in any case): their names without the ending, sorted
// by bytes. Throws Error when two differ in their ending only, or there is none.
std::vector<std::string> names_in_folder(std::filesystem::path const& folder);

// The picture of the sample, under the first of its names (sample_names) that has one, whatever its
// ending; or nothing.
std::filesystem::path find_picture(std::filesystem::path const& folder, std::string const& name);

}  // namespace seplflow::dataset
