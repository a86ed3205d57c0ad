// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Files of nanoGPT and llm.c, uint16 ids that do not tell what they are (docs/data.md). */
public final class BareTokens {
  private static final int PIECE = 1 << 20;

  private BareTokens() {}

  /**
   * Writes the JSON that tells what the tokens of a file are beside it; the file stays as it is.
   *
   * @param bin the file of tokens, which ends in {@code .bin}: all are read
   * @param content what the tokens are: data set, split, tokenizer, origin
   * @return what the JSON says
   * @throws InvalidDataException if it is no such file, holds no tokens, has a JSON, or holds an id
   *     outside the vocabulary
   * @throws IOException if a file cannot be read or written
   */
  public static TokenFileInfo describe(Path bin, DataSplit content) throws IOException {
    Path json = TokenFileInfo.beside(bin);
    if (Files.exists(json)) {
      throw new InvalidDataException(json, "exists already; the tokens are described");
    }
    try (TokenFile tokens =
        TokenFile.openWithVocabulary(bin, content.tokenizer().vocabularySize())) {
      if (tokens.length() == 0) {
        throw new InvalidDataException(bin, "holds no tokens");
      }
      checkIds(tokens);
      TokenFileInfo info =
          new TokenFileInfo(content, TokenType.UINT16, tokens.length(), Sha256.of(bin));
      write(json, info);
      return info;
    }
  }

  private static void checkIds(TokenFile tokens) {
    int[] piece = new int[PIECE];
    long first = 0;
    for (; first + PIECE <= tokens.length(); first += PIECE) {
      tokens.read(first, piece);
    }
    tokens.read(first, new int[(int) (tokens.length() - first)]);
  }

  private static void write(Path json, TokenFileInfo info) throws IOException {
    Path partial = json.resolveSibling(json.getFileName() + ".partial");
    try {
      Files.writeString(partial, JsonFields.pretty(info.toJson()));
      Files.move(partial, json, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(partial);
    }
  }
}
