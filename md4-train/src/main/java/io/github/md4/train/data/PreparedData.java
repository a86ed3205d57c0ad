// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import io.github.md4.core.token.TokenFileInfo;
import java.util.List;

/**
 * A data set that was written.
 *
 * @param name the data set's name, which its JSON files state
 * @param md5 the MD5 of the unpacked text, all splits joined, in hexadecimal
 * @param splits the descriptions of the files, train first
 * @param notes what was left out or changed, or stayed and may surprise, in sentences; empty where
 *     there is nothing
 */
public record PreparedData(
    String name, String md5, List<TokenFileInfo> splits, List<String> notes) {
  /**
   * Copies the lists.
   *
   * @param name the data set's name, which its JSON files state
   * @param md5 the MD5 of the unpacked text, all splits joined, in hexadecimal
   * @param splits the descriptions of the files, train first
   * @param notes what was left out or changed, or stayed and may surprise, in sentences; empty
   *     where there is nothing
   */
  public PreparedData {
    splits = List.copyOf(splits);
    notes = List.copyOf(notes);
  }
}
