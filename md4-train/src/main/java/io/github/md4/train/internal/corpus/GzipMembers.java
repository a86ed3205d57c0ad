// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.corpus;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.ZipException;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/**
 * The content of all members of a gzip stream. What follows the last member and is none is damage:
 * Java's own reader takes it, and with it a damaged member, for the end.
 */
final class GzipMembers extends FilterInputStream {

  GzipMembers(InputStream in) throws IOException {
    super(opened(in));
  }

  private static InputStream opened(InputStream in) throws IOException {
    try {
      return new GzipCompressorInputStream(in, true);
    } catch (IOException e) {
      throw damage(e);
    }
  }

  @Override
  public int read(byte[] into, int start, int count) throws IOException {
    try {
      return super.read(into, start, count);
    } catch (IOException e) {
      throw damage(e);
    }
  }

  /** Returns the failure as damage, for which the reader has no exception of its own. */
  private static IOException damage(IOException failure) {
    if (failure instanceof EOFException) {
      return failure;
    }
    ZipException damage = new ZipException(failure.getMessage());
    damage.initCause(failure);
    return damage;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }
}
