// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.fid;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.token.ImageShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * What a network says of a set of images.
 *
 * @param moments of all features
 * @param first the features of the first images, as many as were asked for
 * @param matched how many of the images the network takes for what they are labelled; 0 where it
 *     tells no classes or they have none
 */
public record ImageFeatures(FeatureMoments moments, float[][] first, long matched) {

  /**
   * How images are read.
   *
   * @param batchSize images at once; of no effect on the result but for its last bits
   * @param kept how many features are kept one by one
   */
  public record Settings(ImageShape shape, int batchSize, int kept) {}

  /** Returns the features of all images; one batch of them is held at a time. */
  public static ImageFeatures of(
      NDManager manager,
      FeatureNetwork network,
      Examples images,
      Settings settings,
      LongConsumer progress) {
    Collected collected = new Collected(settings);
    for (long first = 0; first < images.count(); first += settings.batchSize) {
      int size = (int) Math.min(settings.batchSize, images.count() - first);
      try (NDManager scope = manager.newSubManager()) {
        float[] values = new float[size * settings.shape.size()];
        int[] labels = new int[size];
        for (int b = 0; b < size; b++) {
          int[] tokens = new int[settings.shape.size()];
          images.read(first + b, tokens);
          labels[b] = images.label(first + b);
          planes(tokens, settings.shape, values, b);
        }
        NDArray batch = scope.create(values, shape(settings.shape, size));
        collected.add(network.of(scope, batch), labels);
      }
      progress.accept(first + size);
    }
    return collected.features();
  }

  private static Shape shape(ImageShape image, int size) {
    return new Shape(size, image.colours(), image.height(), image.width());
  }

  /** Puts the colours of an image one behind the other. */
  private static void planes(int[] tokens, ImageShape shape, float[] into, int image) {
    for (int i = 0; i < tokens.length; i++) {
      int plane = i % shape.colours() * shape.pixels();
      into[image * tokens.length + plane + i / shape.colours()] = tokens[i];
    }
  }

  /** What has been found so far. */
  private static final class Collected {
    private final Settings settings;
    private final List<float[]> first = new ArrayList<>();
    private FeatureMoments moments;
    private long matched;

    Collected(Settings settings) {
      this.settings = settings;
    }

    void add(FeatureNetwork.Answer answer, int[] labels) {
      int width = Math.toIntExact(answer.features().getShape().get(1));
      float[] features = answer.features().toFloatArray();
      if (moments == null) {
        moments = new FeatureMoments(width);
      }
      moments.add(features);
      for (int b = 0; b < labels.length && first.size() < settings.kept; b++) {
        first.add(Arrays.copyOfRange(features, b * width, (b + 1) * width));
      }
      answer
          .labels()
          .ifPresent(
              found -> {
                long[] guesses = found.toLongArray();
                for (int b = 0; b < labels.length; b++) {
                  matched += guesses[b] == labels[b] ? 1 : 0;
                }
              });
    }

    ImageFeatures features() {
      return new ImageFeatures(moments, first.toArray(float[][]::new), matched);
    }
  }
}
