// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.fid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against numpy and scipy; {@code fid-reference.py} beside the numbers made them. */
final class FrechetDistanceTest {

  static List<JsonObject> cases() throws IOException {
    try (Reader text =
        new InputStreamReader(
            FrechetDistanceTest.class.getResourceAsStream("/fid-reference.json"),
            StandardCharsets.UTF_8)) {
      List<JsonObject> cases = new ArrayList<>();
      for (JsonElement each :
          JsonParser.parseReader(text).getAsJsonObject().getAsJsonArray("cases")) {
        cases.add(each.getAsJsonObject());
      }
      return cases;
    }
  }

  private static float[][] features(JsonArray law) {
    float[][] features = new float[law.get(0).getAsInt()][law.get(1).getAsInt()];
    double a = law.get(2).getAsDouble();
    double b = law.get(3).getAsDouble();
    double c = law.get(4).getAsDouble();
    for (int i = 0; i < features.length; i++) {
      for (int j = 0; j < features[i].length; j++) {
        features[i][j] =
            (float) (Math.sin(a * (i + 1) * (j + 2)) + b * Math.cos(i + 3.0 * j) + c * j);
      }
    }
    return features;
  }

  private static FeatureMoments moments(float[][] features, int batchSize) {
    FeatureMoments moments = new FeatureMoments(features[0].length);
    for (int first = 0; first < features.length; first += batchSize) {
      int end = Math.min(features.length, first + batchSize);
      float[] flat = new float[(end - first) * features[0].length];
      for (int i = first; i < end; i++) {
        System.arraycopy(
            features[i], 0, flat, (i - first) * features[0].length, features[0].length);
      }
      moments.add(flat);
    }
    return moments;
  }

  @ParameterizedTest
  @MethodSource("cases")
  @Tag("golden")
  void distance_isThatOfNumpy(JsonObject json) {
    float[][] x = features(json.getAsJsonArray("first"));
    float[][] y = features(json.getAsJsonArray("second"));
    double expected = json.get("byEigenvalues").getAsDouble();
    // Roots of eigenvalues that are zero but for rounding, 1e-16 of those that are not.
    double tolerance = x.length > x[0].length ? 1e-7 : 1e-6;
    for (int batchSize : new int[] {1, 7, 1000}) {
      double distance = FrechetDistance.of(moments(x, batchSize), moments(y, batchSize));
      assertThat(distance).isCloseTo(expected, within(tolerance));
    }
    if (x.length > x[0].length) {
      assertThat(expected).isCloseTo(json.get("bySqrtm").getAsDouble(), within(1e-5));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  @Tag("golden")
  void precisionAndRecall_areThoseOfNumpy(JsonObject json) {
    PrecisionRecall both =
        PrecisionRecall.of(
            features(json.getAsJsonArray("first")),
            features(json.getAsJsonArray("second")),
            json.get("neighbours").getAsInt());
    assertThat(both.precision()).isCloseTo(json.get("precision").getAsDouble(), within(1e-12));
    assertThat(both.recall()).isCloseTo(json.get("recall").getAsDouble(), within(1e-12));
  }

  /** Roots of rounded numbers may add up to more than what they are taken from. */
  @ParameterizedTest
  @MethodSource("cases")
  @Tag("exact")
  void distance_ofEqualLawsIsNothingLess(JsonObject json) {
    FeatureMoments same = moments(features(json.getAsJsonArray("first")), 7);
    assertThat(FrechetDistance.of(same, same)).isBetween(0.0, 1e-6);
  }

  /** In one dimension the law's distance is {@code (m1 - m2)^2 + (s1 - s2)^2}. */
  @Test
  @Tag("exact")
  void distance_ofNumbersIsKnown() {
    FeatureMoments first = moments(new float[][] {{1}, {3}}, 2);
    FeatureMoments second = moments(new float[][] {{10}, {16}, {10}, {16}}, 2);
    double s1 = Math.sqrt(2);
    double s2 = Math.sqrt(12);
    assertThat(FrechetDistance.of(first, second))
        .isCloseTo(11 * 11 + (s1 - s2) * (s1 - s2), within(1e-12));
    assertThat(FrechetDistance.of(second, first))
        .isCloseTo(FrechetDistance.of(first, second), within(1e-12));
  }

  @Test
  @Tag("exact")
  void moments_rejectWhatDoesNotFit() {
    FeatureMoments moments = new FeatureMoments(3);
    assertThatIllegalArgumentException().isThrownBy(() -> moments.add(new float[4]));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FrechetDistance.of(moments, new FeatureMoments(2)))
        .withMessage("features must be of one width: 3, 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PrecisionRecall.of(new float[3][2], new float[3][2], 3))
        .withMessage("neighbours must be in [1, 3): 3");
  }

  @Test
  @Tag("exact")
  void cache_returnsWhatWasWrittenForItsKeyAlone(@TempDir Path folder) throws IOException {
    float[][] x = features(cases().get(0).getAsJsonArray("first"));
    FeatureCache cache = new FeatureCache(folder.resolve("cache"));
    FeatureCache.Key key = new FeatureCache.Key("images", "network", x.length, 5);
    assertThat(cache.read(key)).isEmpty();
    cache.write(key, new ImageFeatures(moments(x, 10), Arrays.copyOf(x, 5), 42));
    ImageFeatures read = cache.read(key).orElseThrow();
    assertThat(read.first()).isDeepEqualTo(Arrays.copyOf(x, 5));
    assertThat(read.matched()).isEqualTo(42);
    assertThat(read.moments().count()).isEqualTo(x.length);
    assertThat(read.moments().state()).isEqualTo(moments(x, 10).state());
    assertThat(cache.read(new FeatureCache.Key("images", "network", x.length, 6))).isEmpty();
    assertThat(cache.read(new FeatureCache.Key("other", "network", x.length, 5))).isEmpty();
  }

  /** A flipped bit anywhere, and a file cut short, count as absent: no wrong distance. */
  @Test
  @Tag("exact")
  void cache_thatIsDamagedCountsAsAbsent(@TempDir Path folder) throws IOException {
    float[][] x = features(cases().get(0).getAsJsonArray("first"));
    FeatureCache cache = new FeatureCache(folder);
    FeatureCache.Key key = new FeatureCache.Key("images", "network", x.length, 5);
    cache.write(key, new ImageFeatures(moments(x, 10), Arrays.copyOf(x, 5), 42));
    Path file;
    try (Stream<Path> files = Files.list(folder)) {
      file = files.findFirst().orElseThrow();
    }
    byte[] whole = Files.readAllBytes(file);
    for (int i = 0; i < whole.length; i += 7) {
      byte[] damaged = whole.clone();
      damaged[i] ^= 1;
      Files.write(file, damaged);
      assertThat(cache.read(key)).as("byte %d of %d", i, whole.length).isEmpty();
    }
    Files.write(file, Arrays.copyOf(whole, whole.length - 1));
    assertThat(cache.read(key)).isEmpty();
    Files.write(file, whole);
    assertThat(cache.read(key)).isPresent();
  }
}
