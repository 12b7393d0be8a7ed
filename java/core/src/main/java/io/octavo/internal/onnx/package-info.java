/**
 * ONNX files as plain records: what a file says, read and written, without any knowledge of what its operators mean. {@link
 * io.octavo.internal.onnx.OnnxFile} reads and writes, {@link io.octavo.internal.onnx.ModelDef} is what it reads and writes.
 *
 * <p>Not for users of the library: anything here may change; {@code io.octavo.onnx} makes graphs of it. May use {@code tensor},
 * and alone sees the protobuf library.
 *
 * <p>Of that library only the wire level is used, with the field numbers that ONNX publishes written down in {@link
 * io.octavo.internal.onnx.Schema}. Generated classes would copy every weight into the heap as a byte string before anybody asks for
 * it, keep a file's repetitions and defaults apart that mean the same, and add ten times the code; the schema is some twenty
 * messages. The file is mapped, and the reader of tags and numbers goes over the mapping through a small buffer and steps over
 * the weights, which stay where they are: what a tensor holds is a slice of the mapping. (The library's own reader of direct
 * buffers takes a copy of all of it where a JVM has no {@code Unsafe}.)
 *
 * <p>A file is believed nothing. Lengths are checked against the bytes that are there before anything is allocated by them, nesting and
 * the number of things are limited, numbers of elements agree with the data; what does not hold is a {@link
 * io.octavo.CorruptDataException} that names the file and the place in it. Unknown fields are skipped, as protobuf demands. What
 * an exporter tells people (documentation, annotations, training information) is not kept.
 */
package io.octavo.internal.onnx;
