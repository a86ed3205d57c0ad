// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.FiniteStateSource.Chain;
import io.github.md4.train.data.FiniteStateSource.State;
import io.github.md4.train.data.FiniteStateSource.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Sentences as a finite-state source: slots with their words and the slots that may follow.
 *
 * <p>A state that emits a space begins a slot. From it a word is chosen, with one state for each
 * letter. After the last letter the next slot is chosen. Words with the same beginning have
 * separate states, so that the letters alone do not tell the state.
 */
final class Phrases {
  private final List<Slot> slots;
  private final Tokenizer tokenizer;
  private final State[] entries;
  private final List<State> letters = new ArrayList<>();

  private Phrases(List<Slot> slots, Tokenizer tokenizer) {
    this.slots = slots;
    this.tokenizer = tokenizer;
    entries = new State[slots.size()];
  }

  /**
   * A slot of a sentence.
   *
   * @param words the words that may fill it
   * @param next the slots that may follow
   */
  record Slot(String name, List<Option> words, List<Option> next) {
    /** Returns a slot with options in the form that {@link #options} reads. */
    static Slot of(String name, String words, String next) {
      return new Slot(name, options(words), options(next));
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

  /** Returns the source of endless sentences over these slots, each reachable from each. */
  static FiniteStateSource source(List<Slot> slots, Tokenizer tokenizer) {
    Phrases phrases = new Phrases(slots, tokenizer);
    for (int slot = 0; slot < slots.size(); slot++) {
      phrases.addWords(slot);
    }
    List<State> states = new ArrayList<>(List.of(phrases.entries)); // slot k is entered at k
    states.addAll(phrases.letters);
    return new FiniteStateSource(tokenizer, new Chain(states));
  }

  private void addWords(int slot) {
    List<Step> next =
        slots.get(slot).next().stream()
            .map(option -> new Step(entry(option.outcome()), option.probability()))
            .toList();
    List<Step> words = new ArrayList<>();
    for (Option word : slots.get(slot).words()) {
      words.add(new Step(nextState(), word.probability()));
      addWord(tokenizer.encode(word.outcome()), next);
    }
    entries[slot] = new State(tokenizer.encode(" ")[0], words);
  }

  private void addWord(int[] word, List<Step> next) {
    for (int i = 0; i < word.length; i++) {
      boolean isLast = i == word.length - 1;
      letters.add(new State(word[i], isLast ? next : List.of(new Step(nextState() + 1, 1))));
    }
  }

  private int nextState() {
    return entries.length + letters.size();
  }

  private int entry(String name) {
    int entry = slots.stream().map(Slot::name).toList().indexOf(name);
    require(entry >= 0, "no slot has this name", name);
    return entry;
  }
}
