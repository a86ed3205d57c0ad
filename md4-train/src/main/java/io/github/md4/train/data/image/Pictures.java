// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;

/**
 * PNG and JPEG files in a folder or an archive.
 *
 * <p>The class of a picture is that of its name in a file of labels. Without such a file it is the
 * folder at the first level at which the paths differ, if that is a level of folders.
 *
 * @param labels the source of the labels
 * @param colours the number of colours, 1 or 3, that pictures are converted to
 */
record Pictures(Path path, PictureFiles files, LabelSource labels, int colours)
    implements ImageSource {

  @Override
  public SortedSet<String> classes() throws IOException {
    SortedSet<String> classes = ClassOrder.none();
    classes.addAll(ofNames().values());
    return classes;
  }

  /** Tells of folders beside those of the classes that have no picture in them or below. */
  @Override
  public Optional<String> note() throws IOException {
    List<String> names = names();
    if (!classes(names).equals(byFolder(names))) {
      return Optional.empty(); // a file has the classes, whatever the folders are
    }
    Set<String> filled = new HashSet<>(Set.of(above("")));
    for (String name : names) {
      for (String folder = above(name); filled.add(folder); folder = above(folder)) {}
    }
    List<String> empty =
        files.folders().stream()
            .filter(folder -> !filled.contains(folder) && filled.contains(above(folder)))
            .toList();
    return empty.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "%s without PNG or JPEG files, no class: %s"
                .formatted(Counted.of(empty.size(), "folder"), NamedInNote.of(empty)));
  }

  /** Returns the folder of a file or a folder; empty where that is the root. */
  private static String above(String name) {
    return name.substring(0, Math.max(0, name.lastIndexOf('/')));
  }

  @Override
  public void read(Receiver receiver) throws IOException {
    Map<String, String> classes = ofNames();
    files.each(
        (name, content) -> {
          byte[] bytes = content.bytes();
          Image image;
          try {
            image = PictureDecoder.decode(bytes, colours);
          } catch (IOException e) {
            receiver.damaged(name, e.getMessage());
            return;
          }
          receiver.image(name, image, classes.getOrDefault(name, ""));
        });
  }

  /** Returns the class of every file. */
  private Map<String, String> ofNames() throws IOException {
    return classes(names());
  }

  private Map<String, String> classes(List<String> names) throws IOException {
    return labels.byName(names, () -> byFolder(names));
  }

  private List<String> names() throws IOException {
    List<String> names = new ArrayList<>();
    files.each(
        (name, content) -> {
          if (PictureDecoder.isNamed(name)) {
            names.add(name);
          }
        });
    if (names.isEmpty()) {
      throw new InvalidDataException(path, "holds no PNG or JPEG file");
    }
    return names;
  }

  private static Map<String, String> byFolder(List<String> names) {
    Map<String, String> classes = new LinkedHashMap<>();
    int level = firstDifference(names);
    for (String name : names) {
      String[] parts = name.split("/", -1);
      if (level >= parts.length - 1) {
        return Map.of();
      }
      classes.put(name, parts[level]);
    }
    return classes;
  }

  private static int firstDifference(List<String> names) {
    String[] first = names.get(0).split("/", -1);
    int level = first.length;
    for (String name : names) {
      String[] parts = name.split("/", -1);
      for (int i = 0; i < Math.min(level, parts.length); i++) {
        if (!parts[i].equals(first[i])) {
          level = i;
        }
      }
    }
    return level;
  }
}
