// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.ImageShape;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.data.image.ImageData.Sources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Tag("exact")
final class ImageDataTest {
  @TempDir Path folder;
  private PreparedImages made;

  @BeforeEach
  void setUp() {
    made = new PreparedImages(folder);
  }

  private Path pictures() throws IOException {
    for (String name : List.of("cat/a.png", "cat/b.png", "ant/c.PNG")) {
      made.put("root/train/" + name, ImageFiles.png(name.charAt(4) - 'a', 4, 6));
    }
    made.put("root/train/cat/readme.txt", new byte[] {1});
    return folder.resolve("root");
  }

  @Test
  void folder_hasTheClassOfTheFirstLevelThatDiffers() throws IOException {
    ImageData.Prepared data = made.prepare(pictures());
    assertThat(data.classes()).containsExactly("ant", "cat");
    assertThat(made.labels("train")).containsExactly(0, 1, 1);
    made.assertImages("train", new ImageShape(4, 6, 3), 2, 0, 1);
  }

  @Test
  @Timeout(60)
  void pipesAndLinksToNothing_areNamed_andFoldersAreNoPictures() throws Exception {
    Path root = pictures();
    Path named = Files.createDirectories(root.resolve("train/folder.png"));
    made.make(root);
    made.to("never");
    Files.delete(named);
    Path nothing = Files.createSymbolicLink(root.resolve("train/a.png"), folder.resolve("none"));
    made.assertRefused("a.png: is no regular file; remove it or name other pictures", root);
    Files.delete(nothing);
    Process mkfifo = new ProcessBuilder("mkfifo", nothing.toString()).start();
    assumeTrue(mkfifo.waitFor() == 0, "this system has no pipes with names");
    made.assertRefused("a.png: is no regular file; remove it or name other pictures", root);
  }

  @Test
  void tar_isAsAFolder() throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("set/images/b.png", ImageFiles.png(1, 4, 6));
    files.put("set/images/a.png", ImageFiles.png(0, 4, 6));
    Path tar = made.write("t.tar.gz", ImageFiles.gzip(ImageFiles.tar(files)));
    assertThat(made.prepare(tar).classes()).isEmpty();
    made.assertImages("train", new ImageShape(4, 6, 3), 1, 0);
    assertThat(Labels.areBeside(made.out().resolve("train.bin"))).isFalse();
    made.to("labelled");
    Path tsv = made.write("l.tsv", "a.png\tx\nb.png\tw\n".getBytes(StandardCharsets.UTF_8));
    made.make(new Sources(List.of(tar), List.of(tsv)), PreparedImages.PLAIN);
    assertThat(made.labels("train")).containsExactly(0, 1);
    assertThat(LabelFile.byName(tsv("marked.tsv", "\uFEFFa.png\tx\r\nb.png\tw")))
        .containsExactly(Map.entry("a.png", "x"), Map.entry("b.png", "w"));
    assertThatThrownBy(() -> LabelFile.byName(tsv("bad.tsv", "a.png x\n")))
        .hasMessageContaining("line 1 must be a file name, a tab and a class");
    Path latin = made.write("latin.tsv", "a.png\t\u00E9\n".getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> LabelFile.byName(latin)).hasMessageContaining("not UTF-8: byte 0xE9");
  }

  private Path tsv(String name, String lines) throws IOException {
    return made.write(name, lines.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void labels_ofAFileThatIsNotNamedAreAnError() throws IOException {
    Path tsv = made.write("l.tsv", "a.png\tx\n".getBytes(StandardCharsets.UTF_8));
    made.assertRefused(
        "has no class for train/ant/c.PNG",
        new Sources(List.of(pictures()), List.of(tsv)),
        PreparedImages.PLAIN);
  }

  @Test
  void grey_keepsItsValues() throws IOException {
    made.put("grey/a.png", ImageFiles.greyPng(3, 4, 6));
    made.make(
        new Sources(List.of(folder.resolve("grey")), List.of()),
        PreparedImages.options(new Resize.None(), 1, 0));
    made.assertImages("train", new ImageShape(4, 6, 1), 3);
    made.to("three");
    made.make(folder.resolve("grey"));
    int[] tokens = made.tokens("train");
    for (int i = 0; i < tokens.length; i++) {
      assertThat(tokens[i]).isEqualTo(ImageFiles.value(3, i / 18, i / 3 % 6, 0));
    }
  }

  @Test
  void mixedSizes_areNamedUnlessResized() throws IOException {
    made.put("root/train/cat/z.png", ImageFiles.png(9, 5, 6));
    Path root = pictures();
    made.assertRefused(
        "images must be of one size: train/ant/c.PNG is 4x6x3, train/cat/z.png is 5x6x3", root);
    made.make(
        new Sources(List.of(root), List.of()),
        PreparedImages.options(new Resize.CentralSquare(2), 3, 0));
    assertThat(made.tokens("train")).hasSize(4 * 2 * 2 * 3);
  }

  @Test
  void damagedPictures_areSkippedUpToTheLimit() throws IOException {
    made.put("root/train/cat/m.png", new byte[] {1, 2, 3});
    byte[] cut = ImageFiles.png(5, 4, 6);
    made.put("root/train/dog/n.png", Arrays.copyOf(cut, cut.length / 2));
    Path root = pictures();
    Sources from = new Sources(List.of(root), List.of());
    made.assertRefused(
        "damaged images are 2, more than may be skipped (1); the last is train/dog/n.png",
        from,
        PreparedImages.options(new Resize.None(), 3, 1));
    assertThat(made.skipped()).hasSize(2).first().asString().endsWith("root: train/cat/m.png");
    ImageData.Prepared data = made.prepare(from, PreparedImages.options(new Resize.None(), 3, 2));
    assertThat(data.skipped()).isEqualTo(2);
    assertThat(made.tokens("train")).hasSize(3 * 72);
  }

  /** Folders of classes come one after another; a split by position would part the classes. */
  @Test
  void classFolders_areMixedBeforeTheyAreSplit() throws IOException {
    for (int i = 0; i < 30; i++) {
      made.put("root/golden retriever/%02d.png".formatted(i), ImageFiles.png(i, 2, 3));
      made.put("root/tabby cat/%02d.png".formatted(i), ImageFiles.png(i, 2, 3));
    }
    Sources from = new Sources(List.of(folder.resolve("root")), List.of());
    SplitFractions shares = new SplitFractions(0.6, 0.2);
    ImageData.Options mixed =
        new ImageData.Options(
            new Resize.None(), 3, shares, new ImageOrder.MixedClasses(1), 0, Existing.REFUSE);
    ImageData.Prepared data =
        ImageData.prepare(from, Sources.none(), made.out(), mixed, (i, r) -> {});
    assertThat(data.classes()).containsExactly("golden retriever", "tabby cat");
    assertThat(data.order()).isEqualTo(new ImageOrder.Shuffled(1));
    assertThat(data.notes()).isEmpty();
    for (String split : List.of("train", "valid", "test")) {
      assertThat(made.tokens(split + ".labels")).contains(0, 1);
    }
    ImageData.Options given =
        new ImageData.Options(
            new Resize.None(), 3, shares, new ImageOrder.AsGiven(), 0, Existing.REPLACE);
    ImageData.Prepared sorted =
        ImageData.prepare(from, Sources.none(), made.out(), given, (i, r) -> {});
    assertThat(sorted.notes())
        .containsExactly(
            "valid has images of 1 of the 2 classes; --shuffle SEED mixes them",
            "test has images of 1 of the 2 classes; --shuffle SEED mixes them");
  }

  @Test
  void fewImagesToScore_areNoted() throws IOException {
    for (int i = 0; i < 24; i++) {
      made.put(
          "%s/%02d.png".formatted(i % 2 == 0 ? "root/cat" : "root/dog", i),
          ImageFiles.png(i, 2, 3));
    }
    Sources from = new Sources(List.of(folder.resolve("root")), List.of());
    ImageData.Options options =
        new ImageData.Options(
            new Resize.None(),
            3,
            SplitFractions.STANDARD,
            new ImageOrder.MixedClasses(1),
            0,
            Existing.REFUSE);
    assertThat(ImageData.prepare(from, Sources.none(), made.out(), options, (i, r) -> {}).notes())
        .containsExactly(
            "valid has 1 image and test has 1 image: scores of so few say little;"
                + " --fractions divides otherwise");
  }

  @Test
  void classOfNextToNoImages_isToldOf() throws IOException {
    for (int i = 0; i < 41; i++) {
      made.put(
          "root/%s/%02d.png".formatted(i == 40 ? "eel" : i % 2 == 0 ? "cat" : "dog", i),
          ImageFiles.png(i, 2, 3));
    }
    Sources from = new Sources(List.of(folder.resolve("root")), List.of());
    assertThat(made.prepare(from, PreparedImages.options(new Resize.None(), 3, 0)).notes())
        .contains("1 class with next to no images: eel (1); a model learns little of it");
  }

  @Test
  void picturesOfOtherFormats_areSkippedAloud() throws IOException {
    for (int i = 0; i < 8; i++) {
      made.put("root/%s/%d.png".formatted(i % 2 == 0 ? "cat" : "dog", i), ImageFiles.png(i, 2, 3));
    }
    made.put("root/dog/8.webp", new byte[] {1, 2, 3});
    made.put("root/logo.GIF", new byte[] {1, 2, 3});
    Sources from = new Sources(List.of(folder.resolve("root")), List.of());
    assertThatThrownBy(() -> made.prepare(from, PreparedImages.options(new Resize.None(), 3, 1)))
        .hasMessageContaining("more than may be skipped (1)")
        .hasMessageEndingWith("logo.GIF: neither PNG nor JPEG");
    ImageData.Prepared prepared =
        made.prepare(from, PreparedImages.options(new Resize.None(), 3, 2));
    assertThat(prepared.skipped()).isEqualTo(2);
    assertThat(prepared.classes()).containsExactly("cat", "dog");
  }

  /** One picture with a colour is enough for three values a pixel to be meant. */
  @Test
  void greyPictures_areToldWhereTheyTakeThreeColours() throws IOException {
    Sources from = new Sources(List.of(folder.resolve("grey")), List.of());
    for (int i = 0; i < 4; i++) {
      made.put("grey/%d.png".formatted(i), ImageFiles.greyPng(i, 2, 3));
    }
    assertThat(made.prepare(from, PreparedImages.options(new Resize.None(), 3, 0)).notes())
        .containsExactly(
            "all images are grey; of PNG and JPEG --colours 1 makes a third as many tokens");
    ImageData.Options one =
        new ImageData.Options(
            new Resize.None(),
            1,
            new SplitFractions(1, 0),
            new ImageOrder.AsGiven(),
            0,
            Existing.REPLACE);
    assertThat(ImageData.prepare(from, Sources.none(), made.out(), one, (i, r) -> {}).notes())
        .isEmpty();
    made.put("grey/4.png", ImageFiles.png(4, 2, 3));
    ImageData.Options three =
        new ImageData.Options(
            new Resize.None(),
            3,
            new SplitFractions(1, 0),
            new ImageOrder.AsGiven(),
            0,
            Existing.REPLACE);
    assertThat(ImageData.prepare(from, Sources.none(), made.out(), three, (i, r) -> {}).notes())
        .isEmpty();
  }

  @Test
  void imagesOfMixedClasses_stayInTheirOrder() {
    ImageOrder order = new ImageOrder.MixedClasses(1);
    List<String> mixed = new ArrayList<>();
    List<String> sorted = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      mixed.add(Integer.toString(i * 7 % 10));
      sorted.add(Integer.toString(i / 10));
    }
    assertThat(order.forClasses(mixed)).isEqualTo(new ImageOrder.AsGiven());
    assertThat(order.forClasses(sorted)).isEqualTo(new ImageOrder.Shuffled(1));
    assertThat(order.forClasses(List.of("", "", "", ""))).isEqualTo(new ImageOrder.AsGiven());
  }

  @Test
  void splits_areByPositionOrShuffled() throws IOException {
    Path images = made.write("a", ImageFiles.idx(10, 2, 3));
    Sources from = new Sources(List.of(images), List.of());
    Sources test = new Sources(List.of(made.write("t", ImageFiles.idx(1, 2, 3))), List.of());
    SplitFractions shares = new SplitFractions(0.7, 0.3);
    ImageData.Options ordered =
        new ImageData.Options(
            new Resize.None(), 3, shares, new ImageOrder.AsGiven(), 0, Existing.REFUSE);
    ImageData.Prepared data = ImageData.prepare(from, test, made.out(), ordered, (i, r) -> {});
    assertThat(data.splits()).extracting("split").containsExactly("train", "valid", "test");
    ImageShape shape = new ImageShape(2, 3, 1);
    made.assertImages("valid", shape, 7, 8, 9);
    made.assertImages("test", shape, 0);
    ImageData.Options shuffled =
        new ImageData.Options(
            new Resize.None(), 3, shares, new ImageOrder.Shuffled(5), 0, Existing.REPLACE);
    ImageData.Prepared again =
        ImageData.prepare(from, Sources.none(), made.out(), shuffled, (i, r) -> {});
    assertThat(again.splits()).extracting("split").containsExactly("train", "valid");
    assertThat(made.out().resolve("test.bin")).doesNotExist();
    List<Integer> firsts = new ArrayList<>();
    for (String split : List.of("train", "valid")) {
      int[] tokens = made.tokens(split);
      for (int i = 0; i < tokens.length; i += shape.size()) {
        firsts.add(tokens[i]);
      }
    }
    List<Integer> inOrder = new ArrayList<>();
    for (int image = 0; image < 10; image++) {
      inOrder.add(ImageFiles.value(image, 0, 0, 0));
    }
    assertThat(firsts).isNotEqualTo(inOrder).containsExactlyInAnyOrderElementsOf(inOrder);
  }

  @Test
  void sources_thatDoNotFitTogetherAreRefused() throws IOException {
    Path cifar = made.write("c.bin", ImageFiles.cifar(1, 0));
    Path grey = made.write("g", ImageFiles.idx(1, 32, 32));
    made.assertRefused(
        "has no labels, but", new Sources(List.of(cifar, grey), List.of()), PreparedImages.PLAIN);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Sources(List.of(cifar, grey), List.of(cifar)));
    made.assertRefused("must be a batch of CIFAR-10", made.write("x.txt", new byte[] {1}));
    made.assertRefused(
        "holds labels in IDX where images are expected",
        made.write("l", ImageFiles.idxLabels(1, 2)));
    made.assertRefused("no such file", folder.resolve("absent"));
    made.assertRefused(
        "holds no PNG or JPEG file", Files.createDirectories(folder.resolve("empty")));
  }

  @Test
  void fewImages_areRefusedInImages() throws IOException {
    ImageData.Options shares =
        new ImageData.Options(
            PreparedImages.PLAIN.resize(),
            PreparedImages.PLAIN.colours(),
            new SplitFractions(0.9, 0.05),
            PreparedImages.PLAIN.order(),
            0,
            PreparedImages.PLAIN.existing());
    made.assertRefused(
        "few: too few to split: 5 images by 0.9, 0.05 and the rest; take more images, or other"
            + " shares with --fractions, such as 0.6,0.2",
        new Sources(List.of(made.write("few", ImageFiles.idx(5, 2, 3))), List.of()),
        shares);
  }

  @Test
  void provenance_hasTheHashesOfAllFiles() throws IOException {
    Path images = made.write("a", ImageFiles.idx(2, 2, 3));
    Path labels = made.write("l", ImageFiles.idxLabels(1, 0));
    ImageData.Prepared data =
        made.prepare(new Sources(List.of(images), List.of(labels)), PreparedImages.PLAIN);
    assertThat(data.splits().get(0).provenance().files())
        .extracting("name")
        .containsExactly("a", "l");
    made.to("of-folder");
    Path root = pictures();
    String before = made.prepare(root).splits().get(0).provenance().files().get(0).sha256();
    made.put("root/train/ant/c.PNG", ImageFiles.png(8, 4, 6));
    made.to("of-changed-folder");
    assertThat(made.prepare(root).splits().get(0).provenance().files().get(0).sha256())
        .isNotEqualTo(before);
  }

  @Test
  void labels_areReadBack() throws IOException {
    Path images = made.write("a", ImageFiles.idx(3, 2, 3));
    made.make(
        new Sources(List.of(images), List.of(made.write("l", ImageFiles.idxLabels(7, 5, 7)))),
        PreparedImages.PLAIN);
    Path bin = made.out().resolve("train.bin");
    Labels labels = Labels.read(bin, 3);
    assertThat(labels.classes().names()).containsExactly("5", "7");
    assertThat(labels.of(0)).isEqualTo(1);
    assertThat(labels.of(1)).isEqualTo(0);
    assertThatThrownBy(() -> Labels.read(bin, 4))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("must have a label for each of 4 images: 3");
    Files.delete(Labels.beside(bin));
    assertThatThrownBy(() -> Labels.read(bin, 3))
        .hasMessageContaining("has no file of labels beside it (train.labels.bin)");
    assertThat(Optional.of(Labels.areBeside(bin))).contains(false);
  }
}
