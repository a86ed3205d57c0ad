// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import com.google.gson.JsonObject;
import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;

/**
 * GPT-2's byte pairs (Radford et al., 2019): 50,257 tokens, the last of them the end of a text.
 *
 * <p>The text {@code <|endoftext|>} is encoded as the characters that it is made of, as nanoGPT
 * does. Needs com.knuddels:jtokkit on the class path, which has the vocabulary inside; without it
 * encoding and decoding throw an IllegalStateException. Safe for several threads.
 */
public final class Gpt2Tokenizer implements Tokenizer {
  static final String TYPE = "gpt2";
  private static final int END_OF_TEXT = 50_256;
  private static final byte[] MASK_BYTES = MASK_TEXT.getBytes(StandardCharsets.UTF_8);

  /** The tables, loaded at the first use, which takes a second. */
  private static final class Loaded {
    static final Encoding ENCODING =
        Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.R50K_BASE);
  }

  private static Encoding encoding() {
    try {
      return Loaded.ENCODING;
    } catch (NoClassDefFoundError e) {
      throw new IllegalStateException("com.knuddels:jtokkit is not on the class path; add it", e);
    }
  }

  /** Makes the tokenizer, whose tables are loaded at the first use. */
  public Gpt2Tokenizer() {}

  @Override
  public int vocabularySize() {
    return END_OF_TEXT + 1;
  }

  @Override
  public String unit() {
    return "token";
  }

  @Override
  public String summary() {
    return "GPT-2's 50257 byte pairs";
  }

  @Override
  public OptionalInt endOfText() {
    return OptionalInt.of(END_OF_TEXT);
  }

  @Override
  public int[] encode(CharSequence text) {
    TokenizerParts.checkWhole(text);
    return encoding().encodeOrdinary(text.toString()).toArray();
  }

  /** Bytes that are no UTF-8 decode to U+FFFD, as a sample may hold any. */
  @Override
  public String decode(int[] ids) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(4 * ids.length);
    IntArrayList run = new IntArrayList(ids.length);
    for (int i = 0; i < ids.length; i++) {
      TokenizerParts.checkId(ids[i], vocabularySize(), i);
      if (ids[i] == vocabularySize()) {
        bytes.writeBytes(encoding().decodeBytes(run));
        bytes.writeBytes(MASK_BYTES);
        run.clear();
      } else {
        run.add(ids[i]);
      }
    }
    bytes.writeBytes(encoding().decodeBytes(run));
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /**
   * Returns the last position before white space that follows another character: GPT-2's pattern
   * starts a new match there in any context.
   */
  @Override
  public int seam(CharSequence text) {
    return TokenizerParts.lastWhiteSpace(text);
  }

  @Override
  public JsonObject toJson() {
    return TokenizerParts.of(TYPE);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Gpt2Tokenizer;
  }

  @Override
  public int hashCode() {
    return TYPE.hashCode();
  }
}
