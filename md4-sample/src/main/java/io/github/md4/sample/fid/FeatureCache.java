// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.fid;

import io.github.md4.core.model.AtomicWrite;
import io.github.md4.core.token.Sha256;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/**
 * A cache of features on the disk, so that those of a reference are computed once. A damaged file
 * or one of another version counts as absent.
 *
 * @param folder the folder of the kept features; made at the first write
 */
public record FeatureCache(Path folder) {
  private static final int MAGIC = 0x4D443446; // "MD4F"
  private static final int VERSION = 2;

  /**
   * The inputs that features depend on.
   *
   * @param images the SHA-256 of the file of images, in hexadecimal
   * @param network the SHA-256 of the network's file, and its input, in words
   * @param count the number of images, at least 1
   * @param kept the number of vectors of features that are kept one by one, at least 0
   */
  public record Key(String images, String network, long count, int kept) {
    private String name() {
      String text =
          String.join("\n", images, network, Long.toString(count), Integer.toString(kept));
      return Sha256.of(text.getBytes(StandardCharsets.UTF_8)).substring(0, 32) + ".features";
    }
  }

  /**
   * {@return the features of a key; empty where they are not there, or damaged}
   *
   * @param key the images and the network that made the features
   * @throws IOException if a file cannot be read
   */
  public Optional<ImageFeatures> read(Key key) throws IOException {
    Path file = folder.resolve(key.name());
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    CRC32 sum = new CRC32();
    try (DataInputStream in =
        new DataInputStream(
            new CheckedInputStream(new BufferedInputStream(Files.newInputStream(file)), sum))) {
      if (in.readInt() != MAGIC || in.readInt() != VERSION) {
        return Optional.empty();
      }
      long most = Files.size(file) / Float.BYTES;
      Optional<ImageFeatures> features = read(in, most);
      long expected = sum.getValue();
      return in.readLong() == expected ? features : Optional.empty();
    } catch (EOFException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /**
   * @param most numbers that the file can hold
   */
  private static Optional<ImageFeatures> read(DataInputStream in, long most) throws IOException {
    int width = in.readInt();
    long count = in.readLong();
    long matched = in.readLong();
    int kept = in.readInt();
    if (width < 1 || kept < 0 || (long) width * width > most || (long) width * kept > most) {
      return Optional.empty();
    }
    float[][] first = new float[kept][width];
    double[] state = new double[width * (width + 2)];
    for (int i = 0; i < state.length; i++) {
      state[i] = in.readDouble();
    }
    for (float[] vector : first) {
      for (int d = 0; d < width; d++) {
        vector[d] = in.readFloat();
      }
    }
    return Optional.of(new ImageFeatures(FeatureMoments.of(width, count, state), first, matched));
  }

  /**
   * Writes features, and makes the folder if it is absent.
   *
   * @param key the images and the network that made the features
   * @param features the features of the images of the key
   * @throws IOException if a file cannot be read or written
   */
  public void write(Key key, ImageFeatures features) throws IOException {
    AtomicWrite.file(
        folder.resolve(key.name()),
        temporary -> {
          CRC32 sum = new CRC32();
          try (DataOutputStream out =
              new DataOutputStream(
                  new CheckedOutputStream(
                      new BufferedOutputStream(Files.newOutputStream(temporary)), sum))) {
            write(out, features);
            out.writeLong(sum.getValue());
          }
        });
  }

  private static void write(DataOutputStream out, ImageFeatures features) throws IOException {
    FeatureMoments moments = features.moments();
    out.writeInt(MAGIC);
    out.writeInt(VERSION);
    out.writeInt(moments.width());
    out.writeLong(moments.count());
    out.writeLong(features.matched());
    out.writeInt(features.first().length);
    for (double value : moments.state()) {
      out.writeDouble(value);
    }
    for (float[] vector : features.first()) {
      for (float value : vector) {
        out.writeFloat(value);
      }
    }
  }
}
