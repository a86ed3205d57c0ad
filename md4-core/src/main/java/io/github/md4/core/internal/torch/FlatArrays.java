// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import io.github.md4.core.FloatFormat;
import io.github.md4.core.Precision;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Arrays of several shapes in one contiguous vector, so that an operation on all of them is one
 * call.
 *
 * <p>Each is padded to a multiple of 64 rows, since products need aligned sides. The padding is
 * zero and stays zero.
 */
public final class FlatArrays implements AutoCloseable {
  private static final int ROWS = 64;
  private static final String SOURCE =
      """
      def zeros(self: __torch__.M, like: Tensor, size: int, type: int) -> Tensor:
        return torch.zeros([size], dtype=type, device=like.device)
      def copy(self: __torch__.M, to: Tensor, source: Tensor) -> Tensor:
        return to.copy_(source)
      def copy_bits(self: __torch__.M, to: Tensor, bits: Tensor, type: int) -> Tensor:
        return to.copy_(torch.view_copy(bits, type))
      def share(self: __torch__.M, array: Tensor, memory: Tensor) -> Tensor:
        return array.set_(memory)
      """;

  private final NDManager manager;
  private final List<Shape> shapes;
  private final Precision precision;
  private final TorchScript script;
  private final NDArray whole;
  private final List<NDArray> arrays = new ArrayList<>();
  private final List<NDArray> padded = new ArrayList<>();
  private final List<Long> offsets = new ArrayList<>();
  private int placed; // how many of the arrays have memory

  private FlatArrays(NDManager manager, List<Shape> shapes, Precision precision) {
    this.manager = manager;
    this.shapes = shapes;
    this.precision = precision;
    long size = shapes.stream().mapToLong(FlatArrays::paddedSize).sum();
    this.script = TorchScript.load(manager, Map.of(), SOURCE);
    this.whole = zeros(size);
    long offset = 0;
    for (Shape shape : shapes) {
      offsets.add(offset);
      arrays.add(view(offset, shape.size(), shape));
      padded.add(view(offset, paddedSize(shape), paddedShape(shape)));
      offset += paddedSize(shape);
    }
    this.placed = arrays.size();
  }

  /** A stretch of {@code all} that shares its memory, without arrays of its own. */
  private FlatArrays(FlatArrays all, long from, long to) {
    this.manager = all.manager.newSubManager();
    this.shapes = List.of(new Shape(to - from));
    this.precision = all.precision;
    this.script = all.script;
    this.whole = part(all.whole, from, to);
    whole.attach(manager);
  }

  private NDArray zeros(long size) {
    try (NDArray like = manager.create(0f)) {
      // In float32 made outside of inference mode, so that gradients can be taken by parts of it.
      return precision == Precision.FLOAT32
          ? manager.zeros(new Shape(size))
          : script.run(manager, "zeros", like, size, precision.scalarType).singletonOrThrow();
    }
  }

  /** Returns zeros of these shapes, none of them empty, on the device of {@code parent}. */
  public static FlatArrays zeros(NDManager parent, List<Shape> shapes, Precision precision) {
    return new FlatArrays(parent.newSubManager(), List.copyOf(shapes), precision);
  }

  /** Returns zeros of the same shapes under the same manager. */
  public FlatArrays zeros(Precision precisionOfZeros) {
    return zeros(manager.getParentManager(), shapes, precisionOfZeros);
  }

  /** Returns a vector of zeros under the same manager. */
  public FlatArrays shard(long length, Precision precisionOfZeros) {
    return zeros(manager.getParentManager(), List.of(new Shape(length)), precisionOfZeros);
  }

  /** Returns a copy under the same manager; for float32. */
  public FlatArrays copy() {
    FlatArrays copy = zeros(precision);
    write(copy.whole, whole);
    return copy;
  }

  /** Gives an array its values, as many as its shape has elements. */
  public void set(int index, float[] values) {
    try (NDArray source = manager.create(values, shapes.get(index))) {
      write(arrays.get(index), source);
    }
  }

  /** Gives an array its values, of any type. */
  public void set(int index, NDArray values) {
    write(arrays.get(index), values);
  }

  /** Gives all elements their values, those of the padding too. */
  public void fill(float[] values) {
    try (NDArray source = manager.create(values)) {
      write(whole, source);
    }
  }

  /**
   * Returns a stretch of the vector, which shares its memory; as one vector only.
   *
   * @param from the first element
   * @param to the element after the last
   */
  public FlatArrays range(long from, long to) {
    return new FlatArrays(this, from, to);
  }

  /** Returns where an array begins in the vector, its padding included; that of none, its end. */
  public long offset(int index) {
    return shapes.subList(0, index).stream().mapToLong(FlatArrays::paddedSize).sum();
  }

  /**
   * Gives elements of an array their values, from the element {@code first} on, row-major.
   *
   * @param values direct memory from position to limit; read on the spot, without a copy on the
   *     host
   */
  public void set(int index, long first, FloatFormat format, ByteBuffer values) {
    Shape shape = new Shape(values.remaining() / format.bytes);
    // DJL has no bfloat16: such bits travel as float16.
    DataType bits = format == FloatFormat.FLOAT32 ? DataType.FLOAT32 : DataType.FLOAT16;
    try (NDArray source = manager.create(values.slice(), shape, bits);
        NDArray part = view(offsets.get(index) + first, shape.size(), shape)) {
      if (format == FloatFormat.BFLOAT16) {
        script.run(manager, "copy_bits", part, source, format.scalarType).close();
      } else {
        write(part, source);
      }
    }
  }

  /**
   * Frees the memory of all arrays but the first {@code count}, which keep their values. Until
   * {@link #expand} neither the others nor the whole may be used. Memory that {@link #range} shares
   * is freed when that is closed.
   */
  public void shrink(int count) {
    place(count);
  }

  /** Makes room for all arrays again; zero but for those that {@link #shrink} has kept. */
  public void expand() {
    place(arrays.size());
  }

  /** Moves the first arrays into memory of their own. */
  private void place(int count) {
    long size = offset(count);
    try (NDArray memory = zeros(size)) {
      long kept = Math.min(size, offset(placed));
      try (NDArray from = part(whole, 0, kept);
          NDArray to = part(memory, 0, kept)) {
        write(to, from);
      }
      share(whole, memory);
      for (int i = 0; i < arrays.size(); i++) {
        share(arrays.get(i), memory, i, i < count ? shapes.get(i) : new Shape(0));
        share(padded.get(i), memory, i, i < count ? paddedShape(shapes.get(i)) : new Shape(0));
      }
    }
    placed = count;
  }

  private void share(NDArray array, NDArray memory, int index, Shape shape) {
    long offset = shape.size() == 0 ? 0 : offsets.get(index);
    try (PtNDArray part = part(memory, offset, offset + shape.size());
        NDArray view = JniUtils.reshape(part, shape.getShape())) {
      share(array, view);
    }
  }

  private void share(NDArray array, NDArray memory) {
    script.run(manager, "share", array, memory).close();
  }

  private static PtNDArray part(NDArray vector, long from, long to) {
    return JniUtils.slice((PtNDArray) vector, 0, from, to, 1);
  }

  private void write(NDArray to, NDArray source) {
    script.run(manager, "copy", to, source).close();
  }

  /** Returns the number of arrays. */
  public int size() {
    return arrays.size();
  }

  /**
   * Returns an array.
   *
   * @throws IllegalStateException if they are bfloat16, which Java must not look at
   */
  public NDArray array(int index) {
    if (precision != Precision.FLOAT32) {
      throw new IllegalStateException("arrays of " + precision + " are for kernels alone");
    }
    return arrays.get(index);
  }

  /** Returns an array of any type, for kernels. */
  public Hidden hidden(int index) {
    return new Hidden(arrays.get(index));
  }

  /** Returns an array with its padding rows. */
  public Hidden padded(int index) {
    return new Hidden(padded.get(index));
  }

  /** Returns the arrays one by one. */
  public List<NDArray> arrays() {
    return arrays;
  }

  /** Returns all arrays as one vector. */
  public NDArray whole() {
    return whole;
  }

  public Precision precision() {
    return precision;
  }

  @Override
  public void close() {
    manager.close();
  }

  private NDArray view(long offset, long size, Shape shape) {
    try (PtNDArray part = part(whole, offset, offset + size)) {
      NDArray view = JniUtils.reshape(part, shape.getShape());
      view.attach(manager);
      return view;
    }
  }

  private static long paddedSize(Shape shape) {
    return paddedShape(shape).size();
  }

  private static Shape paddedShape(Shape shape) {
    long rows = shape.dimension() == 0 ? 1 : shape.get(0);
    long paddedRows = (rows + ROWS - 1) / ROWS * ROWS;
    return new Shape(paddedRows).addAll(shape.slice(Math.min(1, shape.dimension())));
  }
}
