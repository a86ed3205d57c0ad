// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import io.github.md4.core.NearestName;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The construction of a section's record. A value that is wrong is replaced by its default, until
 * the constructor has said all that it refuses. What it says of a replaced value is no error.
 */
final class SectionConstruction {
  private final SectionType section;
  private final Node.Keys given;
  private final ConfigKey key;
  private final Map<String, Object> known;
  private final ConfigErrors errors;

  /** The names whose values are replaced, those in sections of this section too. */
  private final Set<String> wrong = new LinkedHashSet<>();

  /**
   * Makes the construction.
   *
   * @param known the defaults by name; empty where the section has none
   * @param errors those of the single values; those of the constructor are added
   */
  SectionConstruction(
      SectionType section,
      Node.Keys given,
      ConfigKey key,
      Map<String, Object> known,
      ConfigErrors errors) {
    this.section = section;
    this.given = given;
    this.key = key;
    this.known = known;
    this.errors = errors;
  }

  /**
   * Returns the record of the values.
   *
   * @throws SectionErrors all errors, with the record that has defaults in place of wrong values
   */
  Object construct(Map<String, Object> values) {
    Map<String, Object> mended = new LinkedHashMap<>(values);
    replaceUnread(mended);
    Object made = null;
    boolean isComplete = mended.keySet().containsAll(section.names());
    while (made == null && isComplete) {
      section.derive(mended, given);
      try {
        made = section.construct(mended);
      } catch (IllegalArgumentException e) {
        add(e);
        isComplete = replace(message(e), mended);
      }
    }
    errors.check(given.nodes().keySet(), made, wrong);
    return made;
  }

  /** Replaces the values that could not be read. */
  private void replaceUnread(Map<String, Object> values) {
    for (String name : errors.keys()) {
      Optional<SectionErrors> inner = errors.section(name);
      if (inner.isPresent()) {
        values.put(name, inner.get().mended());
        wrong.addAll(inner.get().wrong());
      } else {
        // An unknown key was most likely meant to be the nearest.
        wrong.add(NearestName.of(section.names(), name).orElse(name));
        if (known.containsKey(name)) {
          values.put(name, known.get(name));
        }
      }
    }
  }

  /** Adds what a constructor refuses, and what it suppressed in this. */
  private void add(IllegalArgumentException refusal) {
    Stream.concat(Stream.of(refusal), Stream.of(refusal.getSuppressed()))
        .map(SectionConstruction::message)
        .filter(message -> !mayFollow(message))
        .forEach(message -> errors.in(place(message).orElse(""), () -> refuse(message)));
  }

  private static String message(Throwable refusal) {
    return String.valueOf(refusal.getMessage());
  }

  /** Returns whether a message may speak of a replaced value. */
  private boolean mayFollow(String message) {
    boolean namesNone = section.names().stream().noneMatch(name -> mentions(message, name));
    return (namesNone && !wrong.isEmpty())
        || wrong.stream().anyMatch(name -> mentions(message, name));
  }

  /** Replaces one more value that a message names; returns whether there was one. */
  private boolean replace(String message, Map<String, Object> values) {
    Optional<String> next =
        mentionedGiven(message).stream()
            .filter(name -> known.containsKey(name) && !wrong.contains(name))
            .findFirst();
    next.ifPresent(
        name -> {
          values.put(name, known.get(name));
          wrong.add(name);
        });
    return next.isPresent();
  }

  /** Returns the first given key that a message names. */
  private Optional<String> place(String message) {
    return mentionedGiven(message).stream().findFirst();
  }

  private List<String> mentionedGiven(String message) {
    return section.names().stream()
        .filter(name -> given.nodes().containsKey(name) && mentions(message, name))
        .sorted(Comparator.comparingInt(message::indexOf))
        .toList();
  }

  /** Throws the error of the constructor, at the given key that it names or at the section. */
  private void refuse(String message) {
    String reason = OneLine.of(message);
    throw place(message)
        .map(each -> given.nodes().get(each).location().invalid(key.child(each).path(), reason))
        .orElseGet(() -> given.location().invalid(key.path(), reason));
  }

  private static boolean mentions(String message, String name) {
    return Pattern.compile("\\b" + Pattern.quote(name) + "\\b").matcher(message).find();
  }
}
