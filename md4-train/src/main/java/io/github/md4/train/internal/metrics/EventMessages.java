// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.metrics;

import java.nio.ByteBuffer;
import java.util.Map;

/**
 * The messages of TensorBoard, with the field numbers of TensorFlow's event.proto, summary.proto
 * and tensor.proto.
 */
final class EventMessages {
  private static final int EVENT_WALL_TIME = 1;
  private static final int EVENT_STEP = 2;
  private static final int EVENT_FILE_VERSION = 3;
  private static final int EVENT_SUMMARY = 5;
  private static final int EVENT_SESSION_LOG = 7;
  private static final int SESSION_STATUS = 1;
  private static final int SESSION_START = 1;
  private static final int SUMMARY_VALUE = 1;
  private static final int VALUE_TAG = 1;
  private static final int VALUE_SIMPLE = 2;
  private static final int VALUE_IMAGE = 4;
  private static final int VALUE_TENSOR = 8;
  private static final int VALUE_METADATA = 9;
  private static final int METADATA_PLUGIN = 1;
  private static final int METADATA_DATA_CLASS = 4;
  private static final int DATA_CLASS_TENSOR = 2;
  private static final int PLUGIN_NAME = 1;
  private static final int TENSOR_TYPE = 1;
  private static final int TENSOR_SHAPE = 2;
  private static final int TENSOR_STRING = 8;
  private static final int TYPE_STRING = 7;
  private static final int IMAGE_HEIGHT = 1;
  private static final int IMAGE_WIDTH = 2;
  private static final int IMAGE_CHANNELS = 3;
  private static final int IMAGE_ENCODED = 4;
  private static final int RGB = 3;
  private static final int PNG_WIDTH_AT = 16;

  private EventMessages() {}

  /** Returns the first event of a file. */
  static ProtoMessage fileVersion(double wallTime) {
    ProtoMessage event = new ProtoMessage();
    event.putDouble(EVENT_WALL_TIME, wallTime);
    event.putString(EVENT_FILE_VERSION, "brain.Event:2");
    return event;
  }

  /** Returns an event that invalidates the earlier files' events of {@code step} and later. */
  static ProtoMessage sessionStart(double wallTime, long step) {
    ProtoMessage session = new ProtoMessage();
    session.putInt(SESSION_STATUS, SESSION_START);
    ProtoMessage event = event(wallTime, step);
    event.putMessage(EVENT_SESSION_LOG, session);
    return event;
  }

  /** Returns an event with one float for each name. */
  static ProtoMessage scalars(double wallTime, long step, Map<String, ? extends Number> values) {
    ProtoMessage summary = new ProtoMessage();
    values.forEach(
        (tag, number) -> {
          ProtoMessage value = new ProtoMessage();
          value.putString(VALUE_TAG, tag);
          value.putFloat(VALUE_SIMPLE, number.floatValue());
          summary.putMessage(SUMMARY_VALUE, value);
        });
    return summaryEvent(wallTime, step, summary);
  }

  /** Returns an event with a text, as a string tensor of no dimension for the text plugin. */
  static ProtoMessage text(double wallTime, long step, String tag, String text) {
    ProtoMessage value = new ProtoMessage();
    value.putString(VALUE_TAG, tag);
    value.putMessage(VALUE_TENSOR, stringTensor(text));
    value.putMessage(VALUE_METADATA, textMetadata());
    ProtoMessage summary = new ProtoMessage();
    summary.putMessage(SUMMARY_VALUE, value);
    return summaryEvent(wallTime, step, summary);
  }

  /** Returns an event with a picture, the bytes of a PNG file, which tell its size. */
  static ProtoMessage picture(double wallTime, long step, String tag, byte[] png) {
    ByteBuffer header = ByteBuffer.wrap(png);
    ProtoMessage image = new ProtoMessage();
    image.putInt(IMAGE_HEIGHT, header.getInt(PNG_WIDTH_AT + Integer.BYTES));
    image.putInt(IMAGE_WIDTH, header.getInt(PNG_WIDTH_AT));
    image.putInt(IMAGE_CHANNELS, RGB);
    image.putBytes(IMAGE_ENCODED, png);
    ProtoMessage value = new ProtoMessage();
    value.putString(VALUE_TAG, tag);
    value.putMessage(VALUE_IMAGE, image);
    ProtoMessage summary = new ProtoMessage();
    summary.putMessage(SUMMARY_VALUE, value);
    return summaryEvent(wallTime, step, summary);
  }

  private static ProtoMessage stringTensor(String text) {
    ProtoMessage tensor = new ProtoMessage();
    tensor.putInt(TENSOR_TYPE, TYPE_STRING);
    tensor.putMessage(TENSOR_SHAPE, new ProtoMessage());
    tensor.putString(TENSOR_STRING, text);
    return tensor;
  }

  private static ProtoMessage textMetadata() {
    ProtoMessage plugin = new ProtoMessage();
    plugin.putString(PLUGIN_NAME, "text");
    ProtoMessage metadata = new ProtoMessage();
    metadata.putMessage(METADATA_PLUGIN, plugin);
    metadata.putInt(METADATA_DATA_CLASS, DATA_CLASS_TENSOR);
    return metadata;
  }

  private static ProtoMessage summaryEvent(double wallTime, long step, ProtoMessage summary) {
    ProtoMessage event = event(wallTime, step);
    event.putMessage(EVENT_SUMMARY, summary);
    return event;
  }

  private static ProtoMessage event(double wallTime, long step) {
    ProtoMessage event = new ProtoMessage();
    event.putDouble(EVENT_WALL_TIME, wallTime);
    event.putInt(EVENT_STEP, step);
    return event;
  }
}
