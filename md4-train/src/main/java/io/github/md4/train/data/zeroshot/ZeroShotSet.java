// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.zeroshot;

import io.github.md4.train.data.document.Detokenizer;
import io.github.md4.train.data.document.DocumentOptions;
import io.github.md4.train.data.document.DocumentRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The five texts of the zero-shot evaluation of models of web text (MD4, arXiv 2406.04329, Table 1;
 * spec, Section 7.5). A set is a folder of files as published, compressed or not, with their splits
 * in their names.
 */
public enum ZeroShotSet {
  /** LAMBADA, in the form of its jsonl or Parquet files. */
  LAMBADA("LAMBADA", "lambada", "text", Detokenizer.LAMBADA, 48.43) {
    @Override
    String split(Protocol protocol) {
      return "test";
    }

    /** The form without tokenization, the only one with published numbers. */
    @Override
    boolean isOfSet(String name) {
      return name.contains(".jsonl") || name.contains(".parquet");
    }
  },
  /** WikiText2. */
  WIKITEXT2("WikiText2", "wikitext2", "text", Detokenizer.WIKITEXT, 34.94) {
    @Override
    String split(Protocol protocol) {
      return protocol.wikiText2Split();
    }
  },
  /** The Penn Treebank. */
  PTB("PTB", "ptb", "sentence", Detokenizer.PTB, 102.26),
  /** WikiText103. */
  WIKITEXT103("WikiText103", "wikitext103", "text", Detokenizer.WIKITEXT, 35.90) {
    /** The test split of WikiText2 is the same text. */
    @Override
    List<String> folders(String split) {
      return split.equals("test") ? List.of("wikitext103", "wikitext2") : List.of("wikitext103");
    }
  },
  /** The One Billion Words benchmark. */
  ONE_BILLION_WORDS("1BW", "lm1b", "text", Detokenizer.ONE_BILLION_WORDS, 68.10);

  private final String title;
  private final String folder;
  private final String field;
  private final Detokenizer detokenizer;
  private final double published;

  ZeroShotSet(
      String title, String folder, String field, Detokenizer detokenizer, double published) {
    this.title = title;
    this.folder = folder;
    this.field = field;
    this.detokenizer = detokenizer;
    this.published = published;
  }

  /** {@return the name in the paper's table} */
  public String title() {
    return title;
  }

  /**
   * {@return the perplexity per token of the paper's small model (MD4, arXiv 2406.04329, Table 1),
   * an upper bound}
   */
  public double published() {
    return published;
  }

  /** {@return the reading of its rows from files: rule, field and detokenizer} */
  public DocumentOptions documents() {
    boolean isWikiText = detokenizer == Detokenizer.WIKITEXT;
    DocumentRule rule =
        isWikiText ? new DocumentRule.WikiTextRows() : new DocumentRule.StrippedLines();
    return new DocumentOptions(rule, field, detokenizer);
  }

  /** Returns the split that a protocol scores. */
  String split(Protocol protocol) {
    return protocol.split();
  }

  /** Returns the names of the folders that may have the set. */
  List<String> folders(String split) {
    return List.of(folder);
  }

  /** Returns whether a file's name belongs to the form that is scored. */
  boolean isOfSet(String name) {
    return true;
  }

  /**
   * {@return a pattern of the names of the files that {@link #files} looks for, for a message}
   *
   * @param protocol the protocol, by which rows become sequences
   */
  public String wanted(Protocol protocol) {
    return "%s/*%s*".formatted(folder, split(protocol));
  }

  /**
   * {@return the files of the protocol's split below a folder, in order of their names; empty where
   * there are none}
   *
   * @param folder the folder in which each set has a folder of its own
   * @param protocol the protocol, by which rows become sequences
   * @throws IOException if a file cannot be read
   */
  public List<Path> files(Path folder, Protocol protocol) throws IOException {
    for (String name : folders(split(protocol))) {
      Optional<List<Path>> files = in(folder.resolve(name), protocol);
      if (files.isPresent()) {
        return files.get();
      }
    }
    return List.of();
  }

  private Optional<List<Path>> in(Path folder, Protocol protocol) throws IOException {
    if (!Files.isDirectory(folder)) {
      return Optional.empty();
    }
    String split = split(protocol);
    try (Stream<Path> all = Files.list(folder)) {
      List<Path> files =
          all.filter(Files::isRegularFile)
              .filter(file -> isNamed(file.getFileName().toString(), split))
              .sorted()
              .toList();
      return files.isEmpty() ? Optional.empty() : Optional.of(files);
    }
  }

  private boolean isNamed(String name, String split) {
    String lower = name.toLowerCase(Locale.ROOT);
    // The held-out shards of One Billion Word are its test split.
    boolean isSplit = lower.contains(split) || (split.equals("test") && lower.contains("heldout"));
    return isSplit && isOfSet(lower);
  }
}
