// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Damages to the bytes of a file; the same seed gives the same damage. */
record Mutations(SplittableRandom random) {
  private static final Pattern VALUE =
      Pattern.compile("-?\\d+(\\.\\d+)?([eE]-?\\d+)?|\"[^\"]*\"|true|false|null");
  private static final String[] VALUES = {
    "-1",
    "0",
    "1.9",
    "1e30",
    "1e999",
    "99999999999999",
    "1000000000",
    "4294967298",
    "null",
    "\"x\"",
    "true",
    "[]",
    "{}",
    "NaN",
    "\"\\ud800\"",
    "[".repeat(200_000)
  };
  private static final int[] BYTES = {0x00, 0xFF, 0x7F, 0x80, '0', '9', '"', '{', '[', ',', '\n'};

  /** Returns damaged bytes; often one damage, at times several. */
  byte[] of(byte[] whole) {
    byte[] damaged = whole;
    int count = 1 + random.nextInt(3) * random.nextInt(2);
    for (int i = 0; i < count; i++) {
      damaged = once(damaged);
    }
    return damaged;
  }

  private byte[] once(byte[] bytes) {
    if (bytes.length == 0) {
      return new byte[] {(byte) random.nextInt()};
    }
    int at = random.nextInt(bytes.length);
    int length = 1 + random.nextInt(Math.min(64, bytes.length - at));
    return switch (random.nextInt(9)) {
      case 0 -> flipped(bytes, at);
      case 1 -> set(bytes, at, BYTES[random.nextInt(BYTES.length)]);
      case 2 -> Arrays.copyOf(bytes, at);
      case 3 -> joined(Arrays.copyOf(bytes, at), noise(length), rest(bytes, at));
      case 4 -> joined(Arrays.copyOf(bytes, at), rest(bytes, at + length));
      case 5 -> joined(Arrays.copyOf(bytes, at + length), rest(bytes, at));
      case 6 -> filled(bytes, at, length, BYTES[random.nextInt(4)]);
      default -> otherValue(bytes);
    };
  }

  private byte[] flipped(byte[] bytes, int at) {
    return set(bytes, at, bytes[at] ^ 1 << random.nextInt(8));
  }

  private static byte[] set(byte[] bytes, int at, int value) {
    return filled(bytes, at, 1, value);
  }

  private static byte[] filled(byte[] bytes, int at, int length, int value) {
    byte[] copy = bytes.clone();
    Arrays.fill(copy, at, at + length, (byte) value);
    return copy;
  }

  private byte[] noise(int length) {
    byte[] noise = new byte[length];
    random.nextBytes(noise);
    return noise;
  }

  private static byte[] rest(byte[] bytes, int from) {
    return Arrays.copyOfRange(bytes, from, bytes.length);
  }

  private static byte[] joined(byte[]... parts) {
    byte[] all = new byte[Arrays.stream(parts).mapToInt(part -> part.length).sum()];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  /** Puts another value in the place of one, as text has them. */
  private byte[] otherValue(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    MatchResult[] values = VALUE.matcher(text).results().toArray(MatchResult[]::new);
    if (values.length == 0) {
      return flipped(bytes, random.nextInt(bytes.length));
    }
    MatchResult value = values[random.nextInt(values.length)];
    String other = VALUES[random.nextInt(VALUES.length)];
    String changed = text.substring(0, value.start()) + other + text.substring(value.end());
    return changed.getBytes(StandardCharsets.ISO_8859_1);
  }
}
