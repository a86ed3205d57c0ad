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
 * The features of a set of images.
 *
 * @param moments the moments of all features
 * @param first the features of the first images, as many as were asked for
 * @param matched the number of images whose predicted class is their label; 0 if the network
 *     predicts no classes or the images have none
 */
public record ImageFeatures(FeatureMoments moments, float[][] first, long matched) {

  /**
   * The settings by which images are read.
   *
   * @param batchSize images at once; it changes no more than the last bits of the result
   * @param kept the number of features that are kept one by one
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

  /** Writes the colours of an image one after another. */
  private static void planes(int[] tokens, ImageShape shape, float[] into, int image) {
    for (int i = 0; i < tokens.length; i++) {
      int plane = i % shape.colours() * shape.pixels();
      into[image * tokens.length + plane + i / shape.colours()] = tokens[i];
    }
  }

  /** The features found so far. */
  private static final class Collected {
    private final Settings settings;
    private final List<float[]> first = new ArrayList<>();
    private FeatureMoments moments;
    private long matched;

    Collected(Settings settings) {
      this.settings = settings;
    }

    void add(FeatureNetwork.Features found, int[] labels) {
      int width = Math.toIntExact(found.vectors().getShape().get(1));
      float[] features = found.vectors().toFloatArray();
      if (moments == null) {
        moments = new FeatureMoments(width);
      }
      moments.add(features);
      for (int b = 0; b < labels.length && first.size() < settings.kept; b++) {
        first.add(Arrays.copyOfRange(features, b * width, (b + 1) * width));
      }
      found
          .labels()
          .ifPresent(
              predicted -> {
                long[] guesses = predicted.toLongArray();
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
