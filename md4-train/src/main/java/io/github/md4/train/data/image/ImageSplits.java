// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import static java.util.stream.Collectors.joining;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.DataSplit;
import io.github.md4.core.token.PixelValues;
import io.github.md4.core.token.Provenance;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.TokenFileWriter;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.data.image.ImageData.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** The writing of images and labels as splits. No file gets its name before all are complete. */
record ImageSplits(Path folder, DataSet data) {
  private static final List<String> SPLITS = List.of("train", "valid", "test");
  private static final int TEST = 2;

  /** A score of fewer images than these says little. */
  private static final int FEW = 5;

  /**
   * The part of the description that the splits share.
   *
   * @param source the first file or folder of images, which messages name
   */
  record DataSet(
      String name, Path source, PixelValues pixels, List<String> classes, Provenance provenance) {
    DataSplit split(String split, Tokenizer tokenizer) {
      return new DataSplit(name, split, tokenizer, provenance);
    }
  }

  /** The images of a split, in {@code order} from {@code first} on. */
  private record Part(StagedImages images, IntUnaryOperator order, int first, int count) {
    int index(int i) {
      return order.applyAsInt(first + i);
    }

    List<String> labels() {
      return IntStream.range(0, count).mapToObj(i -> images.label(index(i))).toList();
    }
  }

  /** Writes the splits and returns the descriptions of the files of images. */
  List<TokenFileInfo> write(StagedImages from, StagedImages test, Options options)
      throws IOException {
    List<Part> parts = parts(from, test, options);
    List<TokenFileWriter> writers = new ArrayList<>();
    try {
      List<TokenFileInfo> infos = new ArrayList<>();
      for (int i = 0; i < parts.size(); i++) {
        if (parts.get(i).count > 0) {
          infos.add(write(parts.get(i), SPLITS.get(i), writers));
        }
      }
      removeOld();
      for (TokenFileWriter writer : writers) {
        writer.publish();
      }
      return infos;
    } finally {
      for (TokenFileWriter writer : writers) {
        writer.close();
      }
    }
  }

  /** Returns the order in which the first sources are split. */
  static ImageOrder order(StagedImages from, Options options) {
    return options.order().forClasses(from.labels());
  }

  /** Returns sentences about colours, and about splits that are small or lack classes. */
  List<String> notes(StagedImages from, StagedImages test, Options options) {
    List<String> notes = new ArrayList<>();
    if (from.isGreyInColours() && test.isGreyInColours()) {
      notes.add("all images are grey; of PNG and JPEG --colours 1 makes a third as many tokens");
    }
    List<Part> parts = parts(from, test, options);
    few(parts).ifPresent(notes::add);
    if (data.classes.isEmpty()) {
      return notes;
    }
    List<String> all = new ArrayList<>(from.labels());
    all.addAll(test.labels());
    MissingClasses missing = new MissingClasses(all);
    missing.rare().ifPresent(notes::add);
    for (int i = 0; i < parts.size(); i++) {
      missing.note(SPLITS.get(i), parts.get(i).labels()).ifPresent(notes::add);
    }
    return notes;
  }

  /** Returns a sentence about the splits that score a training, where they have few images. */
  private static Optional<String> few(List<Part> parts) {
    String small =
        IntStream.range(1, parts.size())
            .filter(i -> parts.get(i).count > 0 && parts.get(i).count < FEW)
            .mapToObj(
                i -> "%s has %s".formatted(SPLITS.get(i), Counted.of(parts.get(i).count, "image")))
            .collect(joining(" and "));
    return small.isEmpty()
        ? Optional.empty()
        : Optional.of(small + ": scores of so few say little; --fractions divides otherwise");
  }

  private List<Part> parts(StagedImages from, StagedImages test, Options options) {
    List<Long> counts;
    try {
      counts = options.fractions().counts(from.count());
    } catch (IllegalArgumentException e) {
      SplitFractions shares = options.fractions();
      String reason =
          "too few to split: %s by %s, %s and the rest; take more images, or other shares with --fractions, such as 0.6,0.2"
              .formatted(Counted.of(from.count(), "image"), shares.train(), shares.valid());
      throw new InvalidDataException(data.source, reason, e);
    }
    IntUnaryOperator order = order(from, options).of(from.count());
    List<Part> parts = new ArrayList<>();
    int first = 0;
    for (long count : counts) {
      parts.add(new Part(from, order, first, (int) count));
      first += (int) count;
    }
    if (test.count() > 0) {
      parts.set(TEST, new Part(test, i -> i, 0, test.count()));
    }
    return parts;
  }

  private TokenFileInfo write(Part part, String split, List<TokenFileWriter> writers)
      throws IOException {
    Path bin = folder.resolve(split + ".bin");
    TokenFileWriter images = TokenFileWriter.create(bin, data.split(split, data.pixels));
    writers.add(images);
    for (int i = 0; i < part.count; i++) {
      images.write(part.images.image(part.index(i)).tokens());
    }
    if (!data.classes.isEmpty()) {
      ClassNames classes = new ClassNames(data.classes);
      DataSplit content = data.split(split, classes);
      TokenFileWriter labels = TokenFileWriter.create(Labels.beside(bin), content);
      writers.add(labels);
      for (int i = 0; i < part.count; i++) {
        labels.write(new int[] {classes.label(part.images.label(part.index(i)))});
      }
      TokenFileInfo unused = labels.seal();
    }
    return images.seal();
  }

  /** Removes the files of an older data set, also of splits and labels that this one lacks. */
  private void removeOld() throws IOException {
    for (String split : SPLITS) {
      Path bin = folder.resolve(split + ".bin");
      for (Path tokens : List.of(bin, Labels.beside(bin))) {
        Files.deleteIfExists(tokens);
        String name = tokens.getFileName().toString();
        Files.deleteIfExists(tokens.resolveSibling(name.replaceFirst("\\.bin$", ".json")));
      }
    }
  }
}
