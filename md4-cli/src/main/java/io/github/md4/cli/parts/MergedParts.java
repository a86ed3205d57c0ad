// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.parts;

import io.github.md4.core.Division;
import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** A division of which all parts have been computed before. */
final class MergedParts implements Division {
  private final Path first;
  private final List<PartFile> parts;
  private int round;

  private MergedParts(Path first, List<PartFile> parts) {
    this.first = first;
    this.parts = parts;
  }

  /**
   * Reads all parts of a command.
   *
   * @param inputs what the models and data are now
   * @throws InvalidDataException unless each part is there once, of the same command, program and
   *     inputs
   */
  static MergedParts read(List<Path> files, String inputs) throws IOException {
    List<PartFile> parts = inOrder(files);
    if (!parts.get(0).about().inputs().equals(inputs)) {
      throw new InvalidDataException(
          files.get(0), "was computed from a model or data that have changed since");
    }
    return new MergedParts(files.get(0), parts);
  }

  /** A part and the file that it is read from. */
  private record Found(Path file, PartFile part) {}

  /** Returns the parts in their order, each of them once. */
  static List<PartFile> inOrder(List<Path> files) throws IOException {
    return found(files).stream().map(Found::part).toList();
  }

  /** Returns the files of {@link #inOrder}. */
  static List<Path> filesInOrder(List<Path> files) throws IOException {
    return found(files).stream().map(Found::file).toList();
  }

  private static List<Found> found(List<Path> files) throws IOException {
    PartFile.About about = PartFile.read(files.get(0)).about();
    Found[] found = new Found[about.part().count()];
    for (Path file : files) {
      PartFile part = PartFile.read(file);
      checkSame(file, part.about(), files.get(0), about);
      int index = part.about().part().index() - 1;
      if (found[index] != null) {
        throw new InvalidDataException(
            file, "is part %s, as %s is".formatted(part.about().part(), found[index].file));
      }
      found[index] = new Found(file, part);
    }
    for (int i = 0; i < found.length; i++) {
      if (found[i] == null) {
        throw new InvalidDataException(
            files.get(0), "part %d of %d is missing".formatted(i + 1, found.length));
      }
    }
    return List.of(found);
  }

  private static void checkSame(
      Path file, PartFile.About about, Path firstFile, PartFile.About first) {
    check(file, firstFile, "number of parts", about.part().count(), first.part().count());
    check(file, firstFile, "program", about.version(), first.version());
    check(
        file,
        firstFile,
        "command",
        String.join(" ", about.command()),
        String.join(" ", first.command()));
    if (!about.inputs().equals(first.inputs())) {
      throw new InvalidDataException(
          file, "was computed from another model or other data than " + firstFile);
    }
  }

  private static void check(Path file, Path first, String what, Object one, Object other) {
    if (!one.equals(other)) {
      throw new InvalidDataException(
          file, "has another %s than %s: %s, %s".formatted(what, first, one, other));
    }
  }

  @Override
  public int parts() {
    return parts.size();
  }

  @Override
  public List<Optional<byte[]>> round(List<Supplier<byte[]>> items) {
    List<Optional<byte[]>> results = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      List<Optional<byte[]>> ofPart = parts.get(i).results();
      Optional<byte[]> result = round < ofPart.size() ? ofPart.get(round) : Optional.empty();
      if (result.isEmpty()) {
        throw new InvalidDataException(
            first,
            "part %d of %d has fewer results than its command asks for"
                .formatted(i + 1, parts.size()));
      }
      results.add(result);
    }
    round++;
    return results;
  }
}
