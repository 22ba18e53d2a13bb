// The lists and image-level labels of published methods.
#include <filesystem>
#include <set>
#include <string>

#include "dataset/name_list.hpp"
#include "dataset/stages.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"
#include "support/test_data.hpp"

using namespace seplflow;
using dataset::ImageLabelFile;
using dataset::NameList;

namespace {

std::filesystem::path list(char const* name) {
  return test_data() / "lists" / name;
}

NameList read(char const* name, std::size_t foreground = 20) {
  return dataset::read_name_list(list(name), foreground);
}

}  // namespace

TEST_CASE("real: every method's list of names is read in its dialect") {
  CHECK(read("irn/train.txt").names.size() == 1464);
  CHECK(read("irn/val.txt").names.size() == 1449);
  NameList const names = read("irn/train_aug.txt");
  CHECK(names.names.size() == 10582);
  CHECK(names.names.front() == "2007_000032");
  CHECK_FALSE(names.classes);
  for (char const* const other : {"psa/train_aug.txt", "puzzlecam/train_aug.txt"}) {
    INFO(other);
    CHECK(read(other).names == names.names);
  }
  NameList const classes = read("l2g/train_cls.txt");
  REQUIRE(classes.classes);
  CHECK(std::set(classes.names.begin(), classes.names.end()) ==
        std::set(names.names.begin(), names.names.end()));
  CHECK(classes.classes->at(0).classes == std::vector<Label>{1, 15});
}

TEST_CASE("real: CLIP-ES's list of COCO has names and classes") {
  NameList const coco = read("clipes/val_first2000.txt", 80);
  REQUIRE(coco.names.size() == 2000);
  CHECK(coco.names.front() == "COCO_val2014_000000000042");
  REQUIRE(coco.classes);
  CHECK(coco.classes->at(0).classes == std::vector<Label>{17});
  CHECK(coco.classes->at(2).classes == std::vector<Label>{1, 2, 17});
  CHECK_THROWS_WITH(read("clipes/val_first2000.txt", 20), Contains("is not one of the 20 classes"));
}

TEST_CASE("real: the three cls_labels.npy hold the same labels") {
  ImageLabelFile const irn(list("irn/cls_labels.npy"), *voc12_classes());
  ImageLabelFile const psa(list("psa/cls_labels.npy"), *voc12_classes());
  ImageLabelFile const clims(list("clims/cls_labels.npy"), *voc12_classes());
  CHECK(irn.count() == 12031);
  CHECK(psa.count() == 12031);
  CHECK(clims.count() == 12031);
  auto names = read("irn/train_aug.txt").names;
  for (std::string& name : read("irn/val.txt").names) names.push_back(std::move(name));
  REQUIRE(names.size() == 12031);
  auto const a = irn.labels_of(names), b = psa.labels_of(names), c = clims.labels_of(names);
  std::size_t different = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    different += a.at(i) == b.at(i) && a.at(i) == c.at(i) ? 0 : 1;
  }
  CHECK(different == 0);
  CHECK(a.at(0).classes == std::vector<Label>{1, 15});
}

TEST_CASE("real: dataset.voc warns that L2G's classes and cls_labels.npy differ for 817 images") {
  TempFolder const root;
  auto const opened = [&](char const* cls_labels) {
    return StageDriver(dataset::declare_voc, {{{"root", root.path().string()},
                                               {"list", list("l2g/train_cls.txt").string()},
                                               {"cls_labels", list(cls_labels).string()}},
                                              {},
                                              {"image_labels"}});
  };
  for (char const* const file :
       {"irn/cls_labels.npy", "psa/cls_labels.npy", "clims/cls_labels.npy"}) {
    INFO(file);
    StageDriver const voc = opened(file);
    CHECK(voc.problems().empty());
    CHECK_THAT(voc.warnings(), Contains("differ for 817 of 10582 samples (") &&
                                   Contains("and 812 more") &&
                                   Contains("those of cls_labels are used"));
  }
}
