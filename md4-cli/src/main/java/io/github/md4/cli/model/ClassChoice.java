// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.model;

import static java.util.stream.Collectors.joining;

import io.github.md4.cli.screen.Visible;
import io.github.md4.core.NearestName;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.token.ClassNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The classes of a model, by their names or by their numbers from 0. A name goes before a number,
 * so that classes may be named after numbers.
 *
 * @param classes the number of classes, at least 1
 * @param names their names, if the model keeps them
 */
public record ClassChoice(int classes, Optional<ClassNames> names) {
  private static final int MOST_SHOWN = 20;
  private static final Pattern NUMBER = Pattern.compile("[-+]?\\d+");

  /** A word, in quotes or without commas, and the comma behind it. */
  private static final Pattern ITEM = Pattern.compile("(?:(['\"])(.*?)\\1|([^,]*))(,|$)");

  /** Returns the classes of a model that has some. */
  public static ClassChoice of(SavedModel.Description model) {
    return new ClassChoice(model.config().network().classes(), model.classNames());
  }

  /**
   * Returns the number of a class.
   *
   * @param word its name, or its number
   * @throws IllegalArgumentException if there is no such class; the message says what there is
   */
  public int label(String word) {
    OptionalInt named = find(word);
    OptionalInt label = named.isPresent() ? named : number(word);
    return label.orElseThrow(() -> new IllegalArgumentException(complaint(word)));
  }

  /**
   * Returns the numbers of several classes with commas between them.
   *
   * @param words names, or numbers; a name with a comma stands in quotes, or alone
   * @throws IllegalArgumentException if one of them is no class; the message says what there is
   */
  public List<Integer> labels(String words) {
    if (find(words).isPresent()) {
      return List.of(label(words));
    }
    List<Integer> labels = new ArrayList<>();
    Matcher item = ITEM.matcher(words);
    boolean isLast = false;
    while (!isLast && item.find()) {
      labels.add(label(item.group(2) == null ? item.group(3) : item.group(2)));
      isLast = item.group(4).isEmpty();
    }
    return labels;
  }

  private OptionalInt find(String name) {
    return names.isPresent() ? names.get().find(name) : OptionalInt.empty();
  }

  private OptionalInt number(String word) {
    try {
      int number = Integer.parseInt(word);
      return number >= 0 && number < classes ? OptionalInt.of(number) : OptionalInt.empty();
    } catch (NumberFormatException e) {
      return OptionalInt.empty();
    }
  }

  private String complaint(String word) {
    if (names.isEmpty()) {
      return "must be a whole number from 0 to %d, since the model keeps no names of its classes: %s"
          .formatted(classes - 1, Visible.of(word));
    }
    return "must be the name of a class or a whole number from 0 to %d: %s%s; %s"
        .formatted(
            classes - 1,
            Visible.of(word),
            NUMBER.matcher(word).matches() ? "" : NearestName.hint(names.get().names(), word),
            summary(names.get()));
  }

  private static String summary(ClassNames names) {
    int count = names.names().size();
    return "%s: %s%s"
        .formatted(
            count == 1
                ? "the class is"
                : "the %s are".formatted(Counted.of(count, "class", "classes")),
            names.names().stream()
                .limit(MOST_SHOWN)
                .map(ClassChoice::quoted)
                .collect(joining(", ")),
            count > MOST_SHOWN ? " and so on" : "");
  }

  /** Returns a name as it stands in a list, in quotes where a blank or a comma is in it. */
  public static String quoted(String name) {
    return name.contains(" ") || name.contains(",") ? "'" + name + "'" : name;
  }
}
