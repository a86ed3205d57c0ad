// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.fid;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.torch.ClassifierKernels;
import io.github.md4.core.model.SafeTensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A small classifier of images in a safetensors file: a ResNet for CIFAR-10 under its usual names
 * ({@code conv1}, {@code bn1}, {@code layer1.0.conv1}, ... {@code linear}), or one hidden layer
 * ({@code dense1}, {@code dense2}). Not safe for several threads.
 */
public final class ClassifierNetwork implements FeatureNetwork {
  private static final String RES_NET = "conv1.weight";
  private static final String DENSE = "dense1.weight";
  private static final List<String> NORM = List.of("weight", "bias", "running_mean", "running_var");

  /**
   * The means of the colours of CIFAR-10's training images, with which such ResNets are trained.
   */
  private static final float[] MEAN = {0.485f, 0.456f, 0.406f};

  private static final float[] DEVIATION = {0.229f, 0.224f, 0.225f};

  private final Path file;
  private final NDManager manager;
  private final ClassifierKernels kernels;
  private final NDList weights = new NDList();
  private final Form form;

  /** The kernel that a file is for. */
  private interface Form {
    NDArray features(NDManager scope, NDArray images);
  }

  private ClassifierNetwork(NDManager parent, Path file, SafeTensors tensors) throws IOException {
    this.file = file;
    this.manager = parent.newSubManager();
    this.kernels = new ClassifierKernels(manager);
    Set<String> names = tensors.names();
    for (String name : names.contains(RES_NET) ? resNetNames(names) : denseNames()) {
      weights.add(array(tensors, name));
    }
    this.form = names.contains(RES_NET) ? resNet() : this::dense;
  }

  /**
   * Loads a classifier.
   *
   * @param parent the manager under which the weights live; stays the caller's
   * @param file the safetensors file; its tensors are read as float32
   * @return the classifier, closed by the caller
   * @throws InvalidDataException if the file is damaged or holds no known classifier
   * @throws IOException if a file cannot be read
   */
  public static ClassifierNetwork load(NDManager parent, Path file) throws IOException {
    try (SafeTensors tensors = SafeTensors.open(file)) {
      if (!tensors.names().contains(RES_NET) && !tensors.names().contains(DENSE)) {
        throw new InvalidDataException(
            file, "has neither %s nor %s: no known classifier".formatted(RES_NET, DENSE));
      }
      return new ClassifierNetwork(parent, file, tensors);
    }
  }

  private static List<String> denseNames() {
    return List.of("dense1.weight", "dense1.bias", "dense2.weight", "dense2.bias");
  }

  private static List<String> resNetNames(Set<String> names) {
    List<String> ordered = new ArrayList<>();
    addConvolution(ordered, "conv1", "bn1");
    for (int stage = 1; names.contains("layer%d.0.conv1.weight".formatted(stage)); stage++) {
      for (int block = 0; ; block++) {
        String at = "layer%d.%d.".formatted(stage, block);
        if (!names.contains(at + "conv1.weight")) {
          break;
        }
        addConvolution(ordered, at + "conv1", at + "bn1");
        addConvolution(ordered, at + "conv2", at + "bn2");
      }
    }
    ordered.add("linear.weight");
    ordered.add("linear.bias");
    return ordered;
  }

  private static void addConvolution(List<String> names, String convolution, String norm) {
    names.add(convolution + ".weight");
    NORM.forEach(part -> names.add(norm + "." + part));
  }

  private NDArray array(SafeTensors tensors, String name) throws IOException {
    if (!tensors.names().contains(name)) {
      throw new InvalidDataException(file, "has no tensor " + name + ": no known classifier");
    }
    return manager.create(tensors.asFiniteFloats(name), tensors.shape(name));
  }

  private Form resNet() {
    Shape ofColours = new Shape(MEAN.length, 1, 1);
    NDArray mean = manager.create(MEAN, ofColours);
    NDArray deviation = manager.create(DEVIATION, ofColours);
    return (scope, images) -> {
      NDArray coloured = images.getShape().get(1) == 1 ? images.repeat(1, MEAN.length) : images;
      try (NDArray owned = coloured.duplicate()) {
        return kernels.resNet(scope, owned, mean, deviation, weights);
      }
    };
  }

  private NDArray dense(NDManager scope, NDArray images) {
    long inputs = weights.get(0).getShape().get(1);
    if (images.getShape().size() / images.getShape().get(0) != inputs) {
      throw new InvalidDataException(
          file, "takes images of %d values: %s".formatted(inputs, images.getShape().slice(1)));
    }
    return kernels.dense(scope, images, weights);
  }

  @Override
  public Features of(NDManager scope, NDArray images) {
    NDArray features = form.features(scope, images);
    try (NDArray logits = kernels.logits(scope, features, weights)) {
      NDArray labels = logits.argMax(1).toType(DataType.INT64, false);
      labels.attach(scope);
      return new Features(features, Optional.of(labels));
    }
  }

  @Override
  public String description() {
    return "classifier " + file;
  }

  /** Frees the weights. */
  @Override
  public void close() {
    kernels.close();
    manager.close();
  }
}
