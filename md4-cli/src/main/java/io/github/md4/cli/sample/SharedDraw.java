// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.core.Division;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** The samples of a block of sequences, of which each part of a division draws every n-th. */
final class SharedDraw {
  private SharedDraw() {}

  /**
   * Returns the samples that are known here, in the order of the sequences.
   *
   * @param draw draws the samples of some sequences, in their order
   */
  static List<Sample> of(
      Division division,
      List<InitialSequence> sequences,
      Function<List<InitialSequence>, List<Sample>> draw) {
    int parts = Math.min(division.parts(), sequences.size());
    List<Supplier<byte[]>> items = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      List<InitialSequence> own = everyNth(sequences, part, division.parts());
      items.add(() -> bytes(draw.apply(own)));
    }
    List<Optional<byte[]>> results = division.round(items);
    Sample[] samples = new Sample[sequences.size()];
    for (int part = 0; part < parts; part++) {
      if (results.get(part).isPresent()) {
        ByteBuffer buffer = ByteBuffer.wrap(results.get(part).get());
        for (int i = part; i < samples.length; i += division.parts()) {
          samples[i] = read(buffer);
        }
      }
    }
    return IntStream.range(0, samples.length)
        .filter(i -> samples[i] != null)
        .mapToObj(i -> samples[i])
        .toList();
  }

  private static List<InitialSequence> everyNth(List<InitialSequence> all, int first, int n) {
    return IntStream.range(0, all.size()).filter(i -> i % n == first).mapToObj(all::get).toList();
  }

  private static byte[] bytes(List<Sample> samples) {
    List<byte[]> texts =
        samples.stream()
            .map(each -> each.text().getBytes(java.nio.charset.StandardCharsets.UTF_8))
            .toList();
    int size = 0;
    for (int i = 0; i < samples.size(); i++) {
      Sample each = samples.get(i);
      size += 2 * Long.BYTES + 4 * Integer.BYTES + texts.get(i).length;
      size += Integer.BYTES * (each.tokens().length + each.filled().length);
    }
    ByteBuffer buffer = ByteBuffer.allocate(size);
    for (int i = 0; i < samples.size(); i++) {
      Sample each = samples.get(i);
      buffer.putLong(each.index()).putLong(each.seed()).putInt(each.calls());
      put(buffer, each.tokens());
      put(buffer, each.filled());
      buffer.putInt(texts.get(i).length).put(texts.get(i));
    }
    return buffer.array();
  }

  private static void put(ByteBuffer buffer, int[] values) {
    buffer.putInt(values.length);
    for (int value : values) {
      buffer.putInt(value);
    }
  }

  private static Sample read(ByteBuffer buffer) {
    long index = buffer.getLong();
    long seed = buffer.getLong();
    int calls = buffer.getInt();
    int[] tokens = ints(buffer);
    int[] filled = ints(buffer);
    byte[] text = new byte[buffer.getInt()];
    buffer.get(text);
    String decoded = new String(text, java.nio.charset.StandardCharsets.UTF_8);
    return new Sample(index, tokens, decoded, filled, calls, seed);
  }

  private static int[] ints(ByteBuffer buffer) {
    int[] values = new int[buffer.getInt()];
    for (int i = 0; i < values.length; i++) {
      values[i] = buffer.getInt();
    }
    return values;
  }
}
