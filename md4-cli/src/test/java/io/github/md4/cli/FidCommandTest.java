// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.core.model.NamedTensor;
import io.github.md4.core.model.SafeTensors;
import io.github.md4.core.token.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code md4 evaluate fid}, by a classifier whose features are two of four pixels. */
@Tag("exact")
final class FidCommandTest {
  private static final int COUNT = 40;

  @TempDir private Path folder;
  private Path classifier;

  @BeforeEach
  void writeClassifier() throws IOException {
    classifier = classifier(folder);
  }

  /** Writes a classifier whose features are two pixels. */
  static Path classifier(Path folder) throws IOException {
    Path classifier = folder.resolve("c.safetensors");
    SafeTensors.write(
        classifier,
        Map.of(),
        List.of(
            tensor("dense1.weight", new Shape(2, 4), 1, 0, 0, 0, 0, 1, 0, 0),
            tensor("dense1.bias", new Shape(2), 0, 0),
            tensor("dense2.weight", new Shape(2, 2), 1, 0, 0, 1),
            tensor("dense2.bias", new Shape(2), 0, 0)));
    return classifier;
  }

  private static NamedTensor tensor(String name, Shape shape, float... values) {
    return NamedTensor.floats(name, shape, () -> FloatBuffer.wrap(values));
  }

  /** Images of 2 x 2 whose first two pixels are {@code (value + shift) / 255} of two patterns. */
  static Path images(Path folder, String name, int shift) throws IOException {
    ByteBuffer pixels = ByteBuffer.allocate(16 + COUNT * 4);
    ByteBuffer labels = ByteBuffer.allocate(8 + COUNT);
    pixels.putInt(0x00000803).putInt(COUNT).putInt(2).putInt(2);
    labels.putInt(0x00000801).putInt(COUNT);
    for (int i = 0; i < COUNT; i++) {
      pixels.put((byte) (i % 2 * 100 + i + shift)).put((byte) (90 + i * 7 % 40)).put(new byte[2]);
      labels.put((byte) (1 - i % 2));
    }
    Path file = Files.write(folder.resolve(name + ".idx"), pixels.array());
    Path ofImages = Files.write(folder.resolve(name + ".labels"), labels.array());
    Path out = folder.resolve(name);
    md4("data", "images", "--from", file, "--labels", ofImages, "--fractions", "1,0", "--out", out)
        .check();
    return out.resolve("train.bin");
  }

  private Ran fid(Path samples, Path reference, Object... more) {
    Object[] words = {
      "evaluate",
      "fid",
      "--samples",
      samples,
      "--reference",
      reference,
      "--features",
      classifier,
      "--device",
      "cpu"
    };
    return md4(Stream.concat(Stream.of(words), Stream.of(more)).toArray());
  }

  /** The same law, moved: the distance is that of the means, squared. */
  @Test
  void fid_ofMovedFeaturesIsTheSquaredWay() throws IOException {
    Path samples = images(folder, "samples", 51);
    Path reference = images(folder, "reference", 0);
    JsonNode json = fid(samples, reference, "--json").succeeded().json();
    assertThat(json.at("/frechetDistance").asDouble()).isCloseTo(0.04, within(1e-6));
    assertThat(json.at("/features").asInt()).isEqualTo(2);
    assertThat(json.at("/samples").asInt()).isEqualTo(COUNT);
    assertThat(json.at("/networkSha256").asText()).isEqualTo(Sha256.of(classifier));
    assertThat(json.at("/note").asText()).startsWith("40 images: the distance is too large");
    assertThat(json.at("/labelsMatched").asInt()).isBetween(1, COUNT);
  }

  @Test
  void fid_ofTheSameImagesIsZero() throws IOException {
    Path reference = images(folder, "reference", 0);
    String out = fid(reference, reference).succeeded().out();
    assertThat(out).startsWith("Frechet distance  0.0000\nprecision         1.0000\n");
    assertThat(out).contains("recall            1.0000, 3 nearest neighbours, the first 40 and 40");
  }

  /** What was computed once is taken again, by its hashes. */
  @Test
  void fid_keepsTheReferencesFeatures() throws IOException {
    Path samples = images(folder, "samples", 51);
    Path reference = images(folder, "reference", 0);
    Path cache = folder.resolve("cache");
    JsonNode first = fid(samples, reference, "--cache", cache, "--json").succeeded().json();
    List<Path> kept;
    try (Stream<Path> files = Files.list(cache)) {
      kept = files.toList();
    }
    assertThat(kept).hasSize(1);
    byte[] features = Files.readAllBytes(kept.get(0));
    assertThat(fid(samples, reference, "--cache", cache, "--json").succeeded().json())
        .isEqualTo(first);
    features[features.length / 2] ^= 64; // a number in the middle of the moments or features
    Files.write(kept.get(0), features);
    assertThat(fid(samples, reference, "--cache", cache, "--json").succeeded().json())
        .as("computed anew, as the cache is damaged")
        .isEqualTo(first);
    CRC32 sum = new CRC32(); // the last eight bytes
    sum.update(features, 0, features.length - Long.BYTES);
    ByteBuffer.wrap(features).putLong(features.length - Long.BYTES, sum.getValue());
    Files.write(kept.get(0), features);
    JsonNode other = fid(samples, reference, "--cache", cache, "--json").succeeded().json();
    assertThat(other).as("read from the cache").isNotEqualTo(first);
    JsonNode limited =
        fid(samples, reference, "--cache", cache, "--limit", "30", "--json").succeeded().json();
    assertThat(limited.at("/reference").asInt()).isEqualTo(30);
  }

  @Test
  void fid_namesWhatCannotBeCompared() throws IOException {
    Path reference = images(folder, "reference", 0);
    Path text = Files.writeString(folder.resolve("t.txt"), "abc ".repeat(50));
    Path out = folder.resolve("text");
    md4("data", "text", "--from", text, "--vocabulary", "chars", "--out", out).check();
    fid(out.resolve("train.bin"), reference).failed(ExitCodes.DATA, "holds no images");
    fid(reference, reference, "--limit", "1").failed(ExitCodes.DATA, "fewer than two images");
    Path absent = folder.resolve("absent.pt");
    md4(
            "evaluate",
            "fid",
            "--samples",
            reference,
            "--reference",
            reference,
            "--features",
            absent,
            "--flags",
            "true,false",
            "--device",
            "cpu")
        .failed(ExitCodes.DATA, "no such file; a TorchScript file is expected");
  }
}
