// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Decoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Calls of a causal network that keeps keys and values of what it has been shown: each call shows a
 * sequence's new tokens alone. Sequences that have been shown as much and need as much share a call
 * of the network.
 */
public final class PrefixQuery implements BatchedQuery {
  private final NetworkQuery plain;
  private final Decoder decoder;
  private final int slots;
  private final IdentityHashMap<ActiveSequence, Place> places = new IdentityHashMap<>();

  private PrefixQuery(NetworkQuery plain, Decoder decoder, int slots) {
    this.plain = plain;
    this.decoder = decoder;
    this.slots = slots;
  }

  /** A sequence's place in the decoder's memory. */
  private static final class Place {
    private final int slot;
    private int shown;

    Place(int slot) {
      this.slot = slot;
    }
  }

  /** Sequences by the number of tokens shown before and after a call. */
  private record Stretch(int from, int to) {}

  /** Returns the calls of a network that can keep what it saw; the plain ones of any other. */
  public static BatchedQuery of(NetworkQuery plain, int batchSize, int length) {
    Optional<Decoder> decoder = plain.denoiser().decoder(plain.manager(), batchSize, length);
    return decoder
        .<BatchedQuery>map(found -> new PrefixQuery(plain, found, batchSize))
        .orElse(plain);
  }

  @Override
  public double[] draw(List<ActiveSequence> group) {
    forget(group);
    try (NDManager scope = plain.manager().newSubManager()) {
      NDArray[] logits = new NDArray[group.size()];
      for (Map.Entry<Stretch, List<Integer>> each : stretches(group).entrySet()) {
        show(scope, group, each.getKey(), each.getValue(), logits);
      }
      NDArray all = NDArrays.concat(new NDList(logits), 0); // [R, V]
      double[] u = group.stream().mapToDouble(s -> s.query().noise()[0][0]).toArray();
      NDArray noise = scope.create(u, new Shape(1, u.length));
      return plain.draw().draw(plain.kernels(), scope, plain.law(), all, noise).toDoubleArray();
    }
  }

  /** Frees the places of sequences that have ended, and gives places to new ones. */
  private void forget(List<ActiveSequence> group) {
    boolean[] isTaken = new boolean[slots];
    places.keySet().removeIf(ActiveSequence::isDone);
    places.values().forEach(place -> isTaken[place.slot] = true);
    int free = 0;
    for (ActiveSequence sequence : group) {
      if (!places.containsKey(sequence)) {
        while (isTaken[free]) {
          free++;
        }
        isTaken[free] = true;
        places.put(sequence, new Place(free));
      }
    }
  }

  private Map<Stretch, List<Integer>> stretches(List<ActiveSequence> group) {
    Map<Stretch, List<Integer>> stretches = new LinkedHashMap<>();
    for (int i = 0; i < group.size(); i++) {
      int end = group.get(i).query().positions()[0] + 1;
      Stretch stretch = new Stretch(places.get(group.get(i)).shown, end);
      stretches.computeIfAbsent(stretch, each -> new ArrayList<>()).add(i);
    }
    return stretches;
  }

  private void show(
      NDManager scope,
      List<ActiveSequence> group,
      Stretch stretch,
      List<Integer> members,
      NDArray[] into) {
    List<ActiveSequence> some = members.stream().map(group::get).toList();
    int[] ofSlots = new int[some.size()];
    int[][] tokens = new int[some.size()][];
    for (int i = 0; i < ofSlots.length; i++) {
      Place place = places.get(some.get(i));
      ofSlots[i] = place.slot;
      tokens[i] = Arrays.copyOfRange(some.get(i).shown(), stretch.from, stretch.to);
      place.shown = stretch.to;
    }
    NDArray logits =
        decoder.next(scope, ofSlots, stretch.from, tokens, NetworkQuery.condition(some));
    for (int i = 0; i < ofSlots.length; i++) {
      into[members.get(i)] = logits.get(i).expandDims(0);
    }
  }

  @Override
  public void close() {
    decoder.close();
  }
}
