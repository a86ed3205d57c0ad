// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.TokenFile;
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
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Tag("exact")
final class ImageDataTest {
  private static final SplitFractions ALL = new SplitFractions(1, 0);

  @TempDir Path folder;
  private Path out;
  private final List<String> skipped = new ArrayList<>();

  @BeforeEach
  void setUp() {
    out = folder.resolve("out");
  }

  private static ImageData.Options options(Resize resize, int colours, int skipLimit) {
    return new ImageData.Options(
        resize, colours, ALL, new ImageOrder.AsGiven(), skipLimit, Existing.REFUSE);
  }

  private static final ImageData.Options PLAIN = options(new Resize.None(), 3, 0);

  private ImageData.Prepared prepare(Sources from, ImageData.Options options) throws IOException {
    return ImageData.prepare(
        from, Sources.none(), out, options, (image, reason) -> skipped.add(image));
  }

  private ImageData.Prepared prepare(Path... from) throws IOException {
    return prepare(new Sources(List.of(from), List.of()), PLAIN);
  }

  private Path write(String name, byte[] data) throws IOException {
    return ImageFiles.write(folder, name, data);
  }

  private void make(Sources from, ImageData.Options options) throws IOException {
    assertThat(prepare(from, options).splits()).isNotEmpty();
  }

  private void make(Path from) throws IOException {
    assertThat(prepare(from).splits()).isNotEmpty();
  }

  private void put(String name, byte[] data) throws IOException {
    assertThat(write(name, data)).exists();
  }

  private int[] tokens(String split) throws IOException {
    try (TokenFile file = TokenFile.open(out.resolve(split + ".bin"))) {
      file.verify();
      return file.read(0, (int) file.length());
    }
  }

  private int[] labels(String split) throws IOException {
    return tokens(split + ".labels");
  }

  private void assertValues(int images, ImageShape shape) throws IOException {
    assertImages("train", shape, IntStream.range(0, images).toArray());
  }

  private void assertImages(String split, ImageShape shape, int... images) throws IOException {
    int[] tokens = tokens(split);
    assertThat(tokens).hasSize(images.length * shape.size());
    for (int i = 0; i < tokens.length; i++) {
      int pixel = i / shape.colours();
      int place = pixel % shape.pixels();
      assertThat(tokens[i])
          .isEqualTo(
              ImageFiles.value(
                  images[pixel / shape.pixels()],
                  place / shape.width(),
                  place % shape.width(),
                  i % shape.colours()));
    }
  }

  private void assertRefused(String message, Sources from, ImageData.Options options) {
    assertThatThrownBy(() -> prepare(from, options))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
    assertThat(out.resolve("train.bin")).doesNotExist();
    assertThat(out.resolve(".from.partial")).doesNotExist();
  }

  private void assertRefused(String message, Path from) {
    assertRefused(message, new Sources(List.of(from), List.of()), PLAIN);
  }

  @Test
  void cifar_hasColoursOfAPixelTogetherAndItsNames() throws IOException {
    Path first = write("batches/data_batch_1.bin", ImageFiles.cifar(3, 0, 9, 4));
    ImageData.Prepared data = prepare(first);
    assertThat(data.shape()).isEqualTo(new ImageShape(32, 32, 3));
    assertThat(data.classes().get(9)).isEqualTo("truck");
    assertThat(data.splits().get(0).tokenizer().image()).contains(data.shape());
    assertValues(3, data.shape());
    assertThat(labels("train")).containsExactly(0, 9, 4);
  }

  @Test
  void cifar_cutShortIsNamed() throws IOException {
    byte[] whole = ImageFiles.cifar(2, 0, 1);
    assertRefused(
        "cut short: 3000 bytes of image 1 where each takes 3073; copy it again",
        write("a.bin", Arrays.copyOf(whole, 6073)));
  }

  @Test
  void cifar_labelsOutOfRangeAreNamed() throws IOException {
    assertRefused(
        "the label of image 1 must be in [0, 10): 12", write("a.bin", ImageFiles.cifar(2, 0, 12)));
  }

  @Test
  void idx_isReadPlainAndPacked() throws IOException {
    byte[] images = ImageFiles.idx(3, 5, 7);
    Map<String, byte[]> forms = new LinkedHashMap<>();
    forms.put("a-idx3-ubyte", images);
    forms.put("a-idx3-ubyte.gz", ImageFiles.gzip(images));
    forms.put("a-idx3-ubyte.xz", ImageFiles.xz(images));
    Path labels = write("l.gz", ImageFiles.gzip(ImageFiles.idxLabels(2, 0, 11)));
    for (Map.Entry<String, byte[]> form : forms.entrySet()) {
      out = folder.resolve("out-" + form.getKey());
      Path file = write(form.getKey(), form.getValue());
      ImageData.Prepared data = prepare(new Sources(List.of(file), List.of(labels)), PLAIN);
      assertThat(data.shape()).isEqualTo(new ImageShape(5, 7, 1));
      assertThat(data.classes()).containsExactly("0", "2", "11");
      assertValues(3, data.shape());
      assertThat(labels("train")).containsExactly(1, 0, 2);
    }
  }

  @Test
  void idx_damagesAreNamed() throws IOException {
    byte[] images = ImageFiles.idx(3, 5, 7);
    assertRefused("cut short in image 2", write("b", Arrays.copyOf(images, 16 + 2 * 35 + 1)));
    assertRefused("longer than its header says", write("c", Arrays.copyOf(images, 200)));
    assertRefused(
        "damaged or cut short", write("d.gz", Arrays.copyOf(ImageFiles.gzip(images), 40)));
    assertRefused(
        "must have a label for each of 3 images: 2",
        new Sources(List.of(write("e", images)), List.of(write("l", ImageFiles.idxLabels(1, 2)))),
        PLAIN);
  }

  @Test
  void numpy_isReadGreyAndColoured() throws IOException {
    make(write("a.npy", ImageFiles.npy("|u1", "2, 3, 5", ImageFiles.values(2, 3, 5, 1))));
    assertValues(2, new ImageShape(3, 5, 1));
    out = folder.resolve("two");
    byte[] labels = {1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    Map<String, byte[]> arrays = new LinkedHashMap<>();
    arrays.put("x.npy", ImageFiles.npy("|u1", "2, 3, 5, 2", ImageFiles.values(2, 3, 5, 2)));
    arrays.put("y.npy", ImageFiles.npy("<i8", "2,", labels));
    ImageData.Prepared data = prepare(write("a.npz", ImageFiles.zip(arrays)));
    assertValues(2, new ImageShape(3, 5, 2));
    assertThat(data.classes()).containsExactly("1", "256");
    assertThat(labels("train")).containsExactly(0, 1);
  }

  @Test
  void labels_thatAreNoneAreRefused() throws IOException {
    Map<String, byte[]> arrays = new LinkedHashMap<>();
    arrays.put("x.npy", ImageFiles.npy("|u1", "2, 3, 5", ImageFiles.values(2, 3, 5, 1)));
    arrays.put("y.npy", ImageFiles.npy("|i1", "2,", new byte[] {1, -1}));
    assertRefused(
        "a label must be at least 0: -1 of image 1", write("a.npz", ImageFiles.zip(arrays)));
    Path cifar = write("c.bin", ImageFiles.cifar(1, 0));
    Sources both = new Sources(List.of(cifar), List.of(write("l", ImageFiles.idxLabels(1, 0))));
    assertRefused("has its labels with its images: leave out --labels", both, PLAIN);
  }

  @Test
  void numpy_damagesAreNamed() throws IOException {
    byte[] values = ImageFiles.values(2, 3, 5, 1);
    assertRefused(
        "must be integers in C order: <f4",
        write("a.npy", ImageFiles.npy("<f4", "2, 3, 5", values)));
    assertRefused(
        "cut short or too long: 29 bytes where [2, 3, 5] needs 30",
        write("b.npy", ImageFiles.npy("|u1", "2, 3, 5", Arrays.copyOf(values, 29))));
    assertRefused(
        "must hold one array of images", write("c.npy", ImageFiles.npy("|u1", "30,", values)));
    assertRefused("is not an .npz file", write("d.npz", new byte[] {1, 2, 3}));
  }

  @Test
  void numpy_integersOfAllTypesAreTheirValues() {
    NumpyArray big = new NumpyArray(">i2", new int[] {2}, new byte[] {1, 2, -1, -2});
    assertThat(big.integers()).containsExactly(258, -2);
    NumpyArray little = new NumpyArray("<u4", new int[] {1}, new byte[] {-1, 0, 0, -128});
    assertThat(little.integers()).containsExactly(0x800000FFL);
  }

  private Path pictures() throws IOException {
    for (String name : List.of("cat/a.png", "cat/b.png", "ant/c.PNG")) {
      put("root/train/" + name, ImageFiles.png(name.charAt(4) - 'a', 4, 6));
    }
    put("root/train/cat/readme.txt", new byte[] {1});
    return folder.resolve("root");
  }

  @Test
  void folder_hasTheClassOfTheFirstLevelThatDiffers() throws IOException {
    ImageData.Prepared data = prepare(pictures());
    assertThat(data.classes()).containsExactly("ant", "cat");
    assertThat(labels("train")).containsExactly(0, 1, 1);
    assertImages("train", new ImageShape(4, 6, 3), 2, 0, 1);
  }

  @Test
  @Timeout(60)
  void pipesAndLinksToNothing_areNamed_andFoldersAreNoPictures() throws Exception {
    Path root = pictures();
    Path named = Files.createDirectories(root.resolve("train/folder.png"));
    make(root);
    out = folder.resolve("never");
    Files.delete(named);
    Path nothing = Files.createSymbolicLink(root.resolve("train/a.png"), folder.resolve("none"));
    assertRefused("a.png: is no regular file; remove it or name other pictures", root);
    Files.delete(nothing);
    Process mkfifo = new ProcessBuilder("mkfifo", nothing.toString()).start();
    assumeTrue(mkfifo.waitFor() == 0, "this system has no pipes with names");
    assertRefused("a.png: is no regular file; remove it or name other pictures", root);
  }

  @Test
  void tar_isAsAFolder() throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("set/images/b.png", ImageFiles.png(1, 4, 6));
    files.put("set/images/a.png", ImageFiles.png(0, 4, 6));
    Path tar = write("t.tar.gz", ImageFiles.gzip(ImageFiles.tar(files)));
    assertThat(prepare(tar).classes()).isEmpty();
    assertImages("train", new ImageShape(4, 6, 3), 1, 0);
    assertThat(Labels.areBeside(out.resolve("train.bin"))).isFalse();
    out = folder.resolve("labelled");
    Path tsv = write("l.tsv", "a.png\tx\nb.png\tw\n".getBytes(StandardCharsets.UTF_8));
    make(new Sources(List.of(tar), List.of(tsv)), PLAIN);
    assertThat(labels("train")).containsExactly(0, 1);
    assertThatThrownBy(
            () -> LabelFile.byName(write("bad.tsv", "a.png x\n".getBytes(StandardCharsets.UTF_8))))
        .hasMessageContaining("line 1 must be a file name, a tab and a class");
  }

  @Test
  void labels_ofAFileThatIsNotNamedAreAnError() throws IOException {
    Path tsv = write("l.tsv", "a.png\tx\n".getBytes(StandardCharsets.UTF_8));
    assertRefused(
        "has no class for train/ant/c.PNG", new Sources(List.of(pictures()), List.of(tsv)), PLAIN);
  }

  @Test
  void grey_keepsItsValues() throws IOException {
    put("grey/a.png", ImageFiles.greyPng(3, 4, 6));
    make(new Sources(List.of(folder.resolve("grey")), List.of()), options(new Resize.None(), 1, 0));
    assertImages("train", new ImageShape(4, 6, 1), 3);
    out = folder.resolve("three");
    make(folder.resolve("grey"));
    int[] tokens = tokens("train");
    for (int i = 0; i < tokens.length; i++) {
      assertThat(tokens[i]).isEqualTo(ImageFiles.value(3, i / 18, i / 3 % 6, 0));
    }
  }

  @Test
  void mixedSizes_areNamedUnlessResized() throws IOException {
    put("root/train/cat/z.png", ImageFiles.png(9, 5, 6));
    Path root = pictures();
    assertRefused(
        "images must be of one size: train/ant/c.PNG is 4x6x3, train/cat/z.png is 5x6x3", root);
    make(new Sources(List.of(root), List.of()), options(new Resize.CentralSquare(2), 3, 0));
    assertThat(tokens("train")).hasSize(4 * 2 * 2 * 3);
  }

  @Test
  void damagedPictures_areSkippedUpToTheLimit() throws IOException {
    put("root/train/cat/m.png", new byte[] {1, 2, 3});
    byte[] cut = ImageFiles.png(5, 4, 6);
    put("root/train/dog/n.png", Arrays.copyOf(cut, cut.length / 2));
    Path root = pictures();
    Sources from = new Sources(List.of(root), List.of());
    assertRefused(
        "damaged images are 2, more than may be skipped (1); the last is train/dog/n.png",
        from,
        options(new Resize.None(), 3, 1));
    assertThat(skipped).hasSize(2).first().asString().endsWith("root: train/cat/m.png");
    ImageData.Prepared data = prepare(from, options(new Resize.None(), 3, 2));
    assertThat(data.skipped()).isEqualTo(2);
    assertThat(tokens("train")).hasSize(3 * 72);
  }

  /** Folders of classes come one after another; a split by position would part the classes. */
  @Test
  void classFolders_areMixedBeforeTheyAreSplit() throws IOException {
    for (int i = 0; i < 30; i++) {
      put("root/golden retriever/%02d.png".formatted(i), ImageFiles.png(i, 2, 3));
      put("root/tabby cat/%02d.png".formatted(i), ImageFiles.png(i, 2, 3));
    }
    Sources from = new Sources(List.of(folder.resolve("root")), List.of());
    SplitFractions shares = new SplitFractions(0.6, 0.2);
    ImageData.Options mixed =
        new ImageData.Options(
            new Resize.None(), 3, shares, new ImageOrder.MixedClasses(1), 0, Existing.REFUSE);
    ImageData.Prepared data = ImageData.prepare(from, Sources.none(), out, mixed, (i, r) -> {});
    assertThat(data.classes()).containsExactly("golden retriever", "tabby cat");
    assertThat(data.order()).isEqualTo(new ImageOrder.Shuffled(1));
    assertThat(data.notes()).isEmpty();
    for (String split : List.of("train", "valid", "test")) {
      assertThat(tokens(split + ".labels")).contains(0, 1);
    }
    ImageData.Options given =
        new ImageData.Options(
            new Resize.None(), 3, shares, new ImageOrder.AsGiven(), 0, Existing.REPLACE);
    ImageData.Prepared sorted = ImageData.prepare(from, Sources.none(), out, given, (i, r) -> {});
    assertThat(sorted.notes())
        .containsExactly(
            "valid has images of 1 of the 2 classes; --shuffle SEED mixes them",
            "test has images of 1 of the 2 classes; --shuffle SEED mixes them");
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
    Path images = write("a", ImageFiles.idx(10, 2, 3));
    Sources from = new Sources(List.of(images), List.of());
    Sources test = new Sources(List.of(write("t", ImageFiles.idx(1, 2, 3))), List.of());
    SplitFractions shares = new SplitFractions(0.7, 0.3);
    ImageData.Options ordered =
        new ImageData.Options(
            new Resize.None(), 3, shares, new ImageOrder.AsGiven(), 0, Existing.REFUSE);
    ImageData.Prepared data = ImageData.prepare(from, test, out, ordered, (i, r) -> {});
    assertThat(data.splits()).extracting("split").containsExactly("train", "valid", "test");
    ImageShape shape = new ImageShape(2, 3, 1);
    assertImages("valid", shape, 7, 8, 9);
    assertImages("test", shape, 0);
    ImageData.Options shuffled =
        new ImageData.Options(
            new Resize.None(), 3, shares, new ImageOrder.Shuffled(5), 0, Existing.REPLACE);
    ImageData.Prepared again = ImageData.prepare(from, Sources.none(), out, shuffled, (i, r) -> {});
    assertThat(again.splits()).extracting("split").containsExactly("train", "valid");
    assertThat(out.resolve("test.bin")).doesNotExist();
    List<Integer> firsts = new ArrayList<>();
    for (String split : List.of("train", "valid")) {
      int[] tokens = tokens(split);
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
    Path cifar = write("c.bin", ImageFiles.cifar(1, 0));
    Path grey = write("g", ImageFiles.idx(1, 32, 32));
    assertRefused("has no labels, but", new Sources(List.of(cifar, grey), List.of()), PLAIN);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Sources(List.of(cifar, grey), List.of(cifar)));
    assertRefused("must be a batch of CIFAR-10", write("x.txt", new byte[] {1}));
    assertRefused("no such file", folder.resolve("absent"));
    assertRefused("holds no PNG or JPEG file", Files.createDirectories(folder.resolve("empty")));
  }

  @Test
  void provenance_hasTheHashesOfAllFiles() throws IOException {
    Path images = write("a", ImageFiles.idx(2, 2, 3));
    Path labels = write("l", ImageFiles.idxLabels(1, 0));
    ImageData.Prepared data = prepare(new Sources(List.of(images), List.of(labels)), PLAIN);
    assertThat(data.splits().get(0).provenance().files())
        .extracting("name")
        .containsExactly("a", "l");
    out = folder.resolve("of-folder");
    Path root = pictures();
    String before = prepare(root).splits().get(0).provenance().files().get(0).sha256();
    put("root/train/ant/c.PNG", ImageFiles.png(8, 4, 6));
    out = folder.resolve("of-changed-folder");
    assertThat(prepare(root).splits().get(0).provenance().files().get(0).sha256())
        .isNotEqualTo(before);
  }

  @Test
  void labels_areReadBack() throws IOException {
    Path images = write("a", ImageFiles.idx(3, 2, 3));
    make(new Sources(List.of(images), List.of(write("l", ImageFiles.idxLabels(7, 5, 7)))), PLAIN);
    Path bin = out.resolve("train.bin");
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
