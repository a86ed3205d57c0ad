// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.quickstart;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.token.WordTokenizer;
import io.github.md4.train.data.quickstart.FiniteStateSource.Chain;
import io.github.md4.train.data.quickstart.FiniteStateSource.State;
import io.github.md4.train.data.quickstart.FiniteStateSource.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Sentences as a finite-state source: slots with their phrases and the slots that may follow.
 *
 * <p>Each phrase of each slot has a state for each of its words. After the last word the next slot
 * is chosen, and a phrase of it. A word in two slots has two states, so that the word alone does
 * not tell the state.
 */
final class Phrases {
  private final List<Slot> slots;
  private final WordTokenizer tokenizer;

  /** The state of the first word of each phrase, by slot. */
  private final List<int[]> entries = new ArrayList<>();

  private Phrases(List<Slot> slots) {
    this.slots = slots;
    tokenizer = new WordTokenizer(words(slots));
    int states = 0;
    for (Slot slot : slots) {
      int[] first = new int[slot.phrases().size()];
      for (int phrase = 0; phrase < first.length; phrase++) {
        first[phrase] = states;
        states += tokenizer.encode(slot.phrases().get(phrase).outcome()).length;
      }
      entries.add(first);
    }
  }

  /**
   * A slot of a sentence.
   *
   * @param phrases the words that may fill it, one or several at a time
   * @param next the slots that may follow
   */
  record Slot(String name, List<Option> phrases, List<Option> next) {
    /** Returns a slot with options in the form that {@link #options} reads. */
    static Slot of(String name, String phrases, String next) {
      return new Slot(name, options(phrases), options(next));
    }
  }

  /** An outcome with its probability. */
  record Option(String outcome, double probability) {}

  /**
   * Returns the options of a text such as {@code "fox:3, badger, at dawn:2"}, with weights or 1.
   */
  private static List<Option> options(String text) {
    List<String[]> parts =
        Arrays.stream(text.split(", ", -1))
            .map(part -> (part.contains(":") ? part : part + ":1").split(":", -1))
            .toList();
    double total = parts.stream().mapToInt(part -> Integer.parseInt(part[1])).sum();
    return parts.stream()
        .map(part -> new Option(part[0], Integer.parseInt(part[1]) / total))
        .toList();
  }

  private static List<String> words(List<Slot> slots) {
    return slots.stream()
        .flatMap(slot -> slot.phrases().stream())
        .flatMap(phrase -> Arrays.stream(phrase.outcome().split(" ", -1)))
        .distinct()
        .sorted()
        .toList();
  }

  /** Returns the source of endless sentences over these slots, each reachable from each. */
  static FiniteStateSource source(List<Slot> slots) {
    Phrases phrases = new Phrases(slots);
    List<State> states = new ArrayList<>();
    for (Slot slot : slots) {
      List<Step> next = phrases.steps(slot.next());
      for (Option phrase : slot.phrases()) {
        phrases.addStates(states, phrase.outcome(), next);
      }
    }
    return new FiniteStateSource(phrases.tokenizer, new Chain(states));
  }

  private void addStates(List<State> states, String phrase, List<Step> next) {
    int[] words = tokenizer.encode(phrase);
    for (int i = 0; i < words.length; i++) {
      boolean isLast = i == words.length - 1;
      states.add(new State(words[i], isLast ? next : List.of(new Step(states.size() + 1, 1))));
    }
  }

  /** Returns the steps to the first words of these slots. */
  private List<Step> steps(List<Option> next) {
    List<Step> steps = new ArrayList<>();
    for (Option option : next) {
      int slot = slot(option.outcome());
      List<Option> phrases = slots.get(slot).phrases();
      for (int phrase = 0; phrase < phrases.size(); phrase++) {
        double probability = option.probability() * phrases.get(phrase).probability();
        steps.add(new Step(entries.get(slot)[phrase], probability));
      }
    }
    return steps;
  }

  private int slot(String name) {
    int slot = slots.stream().map(Slot::name).toList().indexOf(name);
    require(slot >= 0, "no slot has this name", name);
    return slot;
  }
}
