// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.token.ImageShape;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/** The image networks of spec, Sections 5.1, 5.2, 5.5 and 5.6, for one example. */
record NaiveImageNetwork(ImageConfig config, int vocabularySize, Map<String, float[]> parameters) {

  /** Returns [N][V]; label is ignored where there are no classes. */
  double[][] logits(int[] zt, double t, int label) {
    double[] c = condition(t, label);
    NaiveMaps maps = new NaiveMaps(parameters, c);
    double[][][] x = embed(zt);
    double[][][] last;
    if (config instanceof DitConfig dit) {
      last = new NaiveDit(dit.blocks(), "", parameters, c).of(x);
    } else if (config instanceof UVitConfig uvit) {
      NaiveDit middle = new NaiveDit(uvit.middle(), "middle.", parameters, c);
      last = ladder(maps, x, uvit.layers(), uvit.multipliers(), middle::of);
    } else {
      last = ladder(maps, x, ((UNetConfig) config).layers(), List.of(1), h -> attention(maps, h));
    }
    return rows(last);
  }

  private interface MiddleOf {
    double[][][] of(double[][][] x);
  }

  private static double[][][] attention(NaiveMaps maps, double[][][] x) {
    double[][][] first = maps.block("middle.first", x, Resampling.NONE);
    double[][][] attended = maps.attended("middle.attention", first);
    return maps.block("middle.second", attended, Resampling.NONE);
  }

  private double[][][] ladder(
      NaiveMaps maps, double[][][] x, int layers, List<Integer> levels, MiddleOf middle) {
    Deque<double[][][]> skips = new ArrayDeque<>();
    skips.push(maps.convolution("in", x));
    for (int level = 0; level < levels.size(); level++) {
      for (int layer = 0; layer < layers; layer++) {
        String name = "down.%d.%d".formatted(level, layer);
        skips.push(maps.block(name, skips.element(), Resampling.NONE));
      }
      if (level + 1 < levels.size()) {
        String name = "down.%d.halve".formatted(level);
        skips.push(maps.block(name, skips.element(), Resampling.HALVED));
      }
    }
    double[][][] h = middle.of(skips.element());
    for (int level = levels.size() - 1; level >= 0; level--) {
      for (int layer = 0; layer <= layers; layer++) {
        String name = "up.%d.%d".formatted(level, layer);
        h = maps.block(name, NaiveMaps.joined(h, skips.pop()), Resampling.NONE);
      }
      if (level > 0) {
        h = maps.block("up.%d.double".formatted(level), h, Resampling.DOUBLED);
      }
    }
    return maps.convolution("head", NaiveMaps.swish(maps.norm("head.norm", h)));
  }

  /** Returns the embedded pixels; channel {@code c W + j} is feature j of colour c. */
  private double[][][] embed(int[] zt) {
    ImageShape image = config.image();
    int width = config.width();
    double[][][] x = NaiveMaps.map(image.colours() * width, image.height(), image.width());
    for (int n = 0; n < zt.length; n++) {
      int pixel = n / image.colours();
      for (int j = 0; j < width; j++) {
        x[n % image.colours() * width + j][pixel / image.width()][pixel % image.width()] =
            parameters.get("embedding.weight")[zt[n] * width + j];
      }
    }
    return x;
  }

  private double[] condition(double t, int label) {
    int width = config.width();
    double[] ofClass = new double[config.classes() > 0 ? width : 0];
    for (int i = 0; i < ofClass.length; i++) {
      ofClass[i] = parameters.get("condition.classes.weight")[label * width + i];
    }
    if (config.timeFeatures() == TimeFeatures.NONE) {
      return ofClass;
    }
    double[] features = new double[width + ofClass.length];
    int half = width / 2;
    for (int k = 0; k < half; k++) {
      double angle = 1000 * t * Math.pow(10_000, -(double) k / (half - 1));
      features[k] = Math.sin(angle);
      features[half + k] = Math.cos(angle);
    }
    System.arraycopy(ofClass, 0, features, width, ofClass.length);
    NaiveMaps maps = new NaiveMaps(parameters);
    double[] hidden = maps.linear("condition.dense1", features);
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] /= 1 + Math.exp(-hidden[i]);
    }
    return maps.linear("condition.dense2", hidden);
  }

  /**
   * Returns the rows of logits; channel {@code c V + v} of a pixel is the logit of token v of
   * colour c.
   */
  private double[][] rows(double[][][] last) {
    ImageShape image = config.image();
    double[][] logits = new double[image.size()][vocabularySize];
    for (int n = 0; n < logits.length; n++) {
      int pixel = n / image.colours();
      for (int v = 0; v < vocabularySize; v++) {
        int channel = n % image.colours() * vocabularySize + v;
        logits[n][v] = last[channel][pixel / image.width()][pixel % image.width()];
      }
    }
    return logits;
  }
}
