// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.PixelValues;
import io.github.md4.core.token.Provenance;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.internal.data.NewFolders;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SortedSet;
import java.util.stream.Stream;

/**
 * The preparation of images as token files {@code train}, {@code valid} and {@code test}, with
 * labels beside them (docs/images.md). A token is one value of a pixel, in [0, 256), row by row,
 * the colours of a pixel side by side.
 */
public final class ImageData {
  /** The value of {@link Provenance#source}. */
  public static final String SOURCE = "images";

  private static final int VERSION = 2;

  private ImageData() {}

  /**
   * Files or folders of images.
   *
   * @param images files of images (IDX, CIFAR, NumPy, PNG, JPEG), archives, or folders of pictures
   * @param labels the files of their labels: none, or one for each of {@code images}, in their
   *     order
   */
  public record Sources(List<Path> images, List<Path> labels) {
    /**
     * Checks the sources.
     *
     * @param labels the files of their labels: none, or one for each of {@code images}, in their
     *     order
     * @param images files of images (IDX, CIFAR, NumPy, PNG, JPEG), archives, or folders of
     *     pictures
     * @throws IllegalArgumentException if there are labels, but not one file for each file of
     *     images
     */
    public Sources {
      images = List.copyOf(images);
      labels = List.copyOf(labels);
      if (!labels.isEmpty() && labels.size() != images.size()) {
        throw new IllegalArgumentException(
            "labels must be none, or one file for each of %d: %d"
                .formatted(images.size(), labels.size()));
      }
    }

    /** {@return no sources} */
    public static Sources none() {
      return new Sources(List.of(), List.of());
    }

    List<ImageSource> open(int colours) throws IOException {
      List<ImageSource> opened = new ArrayList<>();
      for (int i = 0; i < images.size(); i++) {
        LabelSource ofImages =
            labels.isEmpty() ? new LabelSource.WithImages() : new LabelSource.InFile(labels.get(i));
        opened.add(ImageSources.open(images.get(i), ofImages, colours));
      }
      return opened;
    }
  }

  /**
   * The settings of the preparation.
   *
   * @param resize the change of size of every image
   * @param colours the number of colours, 1 or 3, that pictures are converted to
   * @param fractions the shares of train, valid and test of the first sources
   * @param order the order in which the first sources are split
   * @param skipLimit the number of images that may be damaged, at least 0; they are left out
   * @param existing the treatment of existing files
   */
  public record Options(
      Resize resize,
      int colours,
      SplitFractions fractions,
      ImageOrder order,
      int skipLimit,
      Existing existing) {
    /**
     * Checks the options.
     *
     * @param resize the change of size of every image
     * @param colours the number of colours, 1 or 3, that pictures are converted to
     * @param fractions the shares of train, valid and test of the first sources
     * @param order the order in which the first sources are split
     * @param skipLimit the number of images that may be damaged, at least 0; they are left out
     * @param existing the treatment of existing files
     * @throws IllegalArgumentException if {@code colours} is neither 1 nor 3, or {@code skipLimit}
     *     is negative
     * @throws NullPointerException if an option is null
     */
    public Options {
      if (colours != 1 && colours != 3) {
        throw new IllegalArgumentException("colours must be 1 or 3: " + colours);
      }
      require(skipLimit >= 0, "skipLimit must be at least 0", skipLimit);
      Objects.requireNonNull(resize, "resize");
      Objects.requireNonNull(fractions, "fractions");
      Objects.requireNonNull(order, "order");
      Objects.requireNonNull(existing, "existing");
    }
  }

  /** The listener of images that are left out. */
  @FunctionalInterface
  public interface SkipListener {
    /**
     * Hears of an image that is left out.
     *
     * @param image the image's name: its file, or its place in one
     * @param reason why it is left out, in words
     */
    void skipped(String image, String reason);
  }

  /**
   * A data set that was written.
   *
   * @param name the data set's name: that of its file, or of the folder of several
   * @param shape height, width and colours of the images
   * @param classes the names of the classes, in the order of the labels; empty without labels
   * @param splits the descriptions of the files of images, train first
   * @param skipped the number of images that were left out
   * @param order the order in which the first sources were split
   * @param notes what may surprise, in sentences
   */
  public record Prepared(
      String name,
      ImageShape shape,
      List<String> classes,
      List<TokenFileInfo> splits,
      int skipped,
      ImageOrder order,
      List<String> notes) {
    /**
     * Copies the lists.
     *
     * @param classes the names of the classes, in the order of the labels; empty without labels
     * @param splits the descriptions of the files of images, train first
     * @param skipped the number of images that were left out
     * @param order the order in which the first sources were split
     * @param notes what may surprise, in sentences
     * @param name the data set's name: that of its file, or of the folder of several
     * @param shape height, width and colours of the images
     */
    public Prepared {
      classes = List.copyOf(classes);
      splits = List.copyOf(splits);
      notes = List.copyOf(notes);
    }
  }

  /**
   * Writes a data set.
   *
   * @param from the sources that are split by the fractions, at least one
   * @param test the sources of the test split, which may be {@link Sources#none}; with any, the
   *     fractions leave none for test
   * @param out the folder, created if it does not exist
   * @param options size, order, splits and limits
   * @param skips told of each image that is left out, on this thread
   * @return the description of what was written
   * @throws InvalidDataException if a source is missing, is damaged, has images of several sizes or
   *     lacks labels that others have; if too many images are damaged; or if {@code out} may not be
   *     written
   * @throws IOException if a file cannot be read or written
   * @throws IllegalArgumentException if a share is left for test, which has images of its own
   */
  public static Prepared prepare(
      Sources from, Sources test, Path out, Options options, SkipListener skips)
      throws IOException {
    if (!test.images.isEmpty() && options.fractions.test() > 0) {
      throw new IllegalArgumentException(
          "fractions must leave nothing for test, which has images of its own: "
              + options.fractions.test());
    }
    List<ImageSource> first = from.open(options.colours);
    List<ImageSource> second = test.open(options.colours);
    List<String> classes = classes(first, second);
    try (NewFolders made = new NewFolders(out)) {
      options.existing.prepare(made.folder());
      try (StagedImages staged = stage(first, out.resolve(".from.partial"), options, skips);
          StagedImages stagedTest = stage(second, out.resolve(".test.partial"), options, skips)) {
        ImageShape shape = staged.shape();
        checkSame(shape, stagedTest, second);
        String name = SourceNames.name(from.images());
        Provenance provenance = new Provenance(SOURCE, VERSION, SourceNames.files(from, test));
        ImageSplits.DataSet data =
            new ImageSplits.DataSet(
                name, from.images().get(0), new PixelValues(shape), classes, provenance);
        ImageSplits writer = new ImageSplits(out, data);
        List<TokenFileInfo> splits = writer.write(staged, stagedTest, options);
        int skipped = staged.skipped() + stagedTest.skipped();
        return new Prepared(
            name,
            shape,
            classes,
            splits,
            skipped,
            ImageSplits.order(staged, options),
            notes(writer.notes(staged, stagedTest, options), first, second));
      }
    }
  }

  /** Returns the notes about splits, and those about the sources. */
  private static List<String> notes(
      List<String> ofSplits, List<ImageSource> first, List<ImageSource> second) throws IOException {
    List<String> notes = new ArrayList<>(ofSplits);
    for (ImageSource source : Stream.of(first, second).flatMap(List::stream).toList()) {
      source.note().ifPresent(notes::add);
    }
    return notes;
  }

  private static StagedImages stage(
      List<ImageSource> sources, Path file, Options options, SkipListener skips)
      throws IOException {
    StagedImages staged = new StagedImages(file, options.resize, options.skipLimit, skips);
    try {
      for (ImageSource source : sources) {
        int unused =
            new UntrustedFile(source.path()).read("cannot be read", () -> staged.add(source));
      }
      return staged;
    } catch (IOException | RuntimeException e) {
      staged.close();
      throw e;
    }
  }

  private static void checkSame(ImageShape shape, StagedImages test, List<ImageSource> sources) {
    if (!sources.isEmpty() && !test.shape().equals(shape)) {
      throw new InvalidDataException(
          sources.get(0).path(),
          "images must be of one size: %s, but those to train on are %s"
              .formatted(test.shape(), shape));
    }
  }

  /**
   * Returns the classes of all sources.
   *
   * @throws InvalidDataException if only some have labels
   */
  private static List<String> classes(List<ImageSource> first, List<ImageSource> second)
      throws IOException {
    SortedSet<String> all = ClassOrder.none();
    Path labelled = null;
    Path bare = null;
    List<ImageSource> sources = new ArrayList<>(first);
    sources.addAll(second);
    for (ImageSource source : sources) {
      SortedSet<String> classes =
          new UntrustedFile(source.path()).read("cannot be read", source::classes);
      all.addAll(classes);
      labelled = classes.isEmpty() ? labelled : source.path();
      bare = classes.isEmpty() ? source.path() : bare;
    }
    if (labelled != null && bare != null) {
      throw new InvalidDataException(
          bare, "has no labels, but %s has; name a file of labels".formatted(labelled));
    }
    return all.isEmpty() ? List.of() : checked(all, labelled);
  }

  private static List<String> checked(SortedSet<String> all, Path source) {
    try {
      return new ClassNames(List.copyOf(all)).names();
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(source, e.getMessage(), e);
    }
  }
}
