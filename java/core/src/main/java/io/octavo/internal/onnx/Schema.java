package io.octavo.internal.onnx;

/** Field numbers of ONNX's messages, as onnx.proto publishes them; those that are read or written here. */
final class Schema {
    private Schema() {}

    /** ModelProto. */
    static final class Model {
        static final int IR_VERSION = 1;
        static final int PRODUCER_NAME = 2;
        static final int PRODUCER_VERSION = 3;
        static final int DOMAIN = 4;
        static final int MODEL_VERSION = 5;
        static final int GRAPH = 7;
        static final int OPSET_IMPORT = 8;
        static final int METADATA = 14;
        static final int FUNCTIONS = 25;
    }

    /** OperatorSetIdProto. */
    static final class Opset {
        static final int DOMAIN = 1;
        static final int VERSION = 2;
    }

    /** StringStringEntryProto. */
    static final class Entry {
        static final int KEY = 1;
        static final int VALUE = 2;
    }

    /** GraphProto. */
    static final class Graph {
        static final int NODE = 1;
        static final int NAME = 2;
        static final int INITIALIZER = 5;
        static final int INPUT = 11;
        static final int OUTPUT = 12;
        static final int VALUE_INFO = 13;
        static final int SPARSE_INITIALIZER = 15;
    }

    /** FunctionProto. */
    static final class Function {
        static final int NAME = 1;
        static final int INPUT = 4;
        static final int OUTPUT = 5;
        static final int ATTRIBUTE = 6;
        static final int NODE = 7;
        static final int OPSET_IMPORT = 9;
        static final int DOMAIN = 10;
        static final int ATTRIBUTE_PROTO = 11;
        static final int VALUE_INFO = 12;
        static final int OVERLOAD = 13;
    }

    /** NodeProto. */
    static final class Node {
        static final int INPUT = 1;
        static final int OUTPUT = 2;
        static final int NAME = 3;
        static final int OP_TYPE = 4;
        static final int ATTRIBUTE = 5;
        static final int DOMAIN = 7;
        static final int OVERLOAD = 8;
    }

    /** AttributeProto. */
    static final class Attr {
        static final int NAME = 1;
        static final int F = 2;
        static final int I = 3;
        static final int S = 4;
        static final int T = 5;
        static final int G = 6;
        static final int FLOATS = 7;
        static final int INTS = 8;
        static final int STRINGS = 9;
        static final int TENSORS = 10;
        static final int GRAPHS = 11;
        static final int TP = 14;
        static final int TYPE_PROTOS = 15;
        static final int TYPE = 20;
        static final int REF_ATTR_NAME = 21;
        static final int SPARSE_TENSOR = 22;
        static final int SPARSE_TENSORS = 23;
    }

    /** ValueInfoProto. */
    static final class Value {
        static final int NAME = 1;
        static final int TYPE = 2;
    }

    /** TypeProto. */
    static final class Type {
        static final int TENSOR = 1;
        static final int SEQUENCE = 4;
        static final int MAP = 5;
        static final int OPAQUE = 7;
        static final int SPARSE_TENSOR = 8;
        static final int OPTIONAL = 9;
    }

    /** TypeProto.Tensor. */
    static final class TensorType {
        static final int ELEM_TYPE = 1;
        static final int SHAPE = 2;
    }

    /** TensorShapeProto. */
    static final class ShapeProto {
        static final int DIM = 1;
    }

    /** TensorShapeProto.Dimension. */
    static final class Dimension {
        static final int DIM_VALUE = 1;
        static final int DIM_PARAM = 2;
    }

    /** TensorProto. */
    static final class Tensor {
        static final int DIMS = 1;
        static final int DATA_TYPE = 2;
        static final int SEGMENT = 3;
        static final int FLOAT_DATA = 4;
        static final int INT32_DATA = 5;
        static final int STRING_DATA = 6;
        static final int INT64_DATA = 7;
        static final int NAME = 8;
        static final int RAW_DATA = 9;
        static final int DOUBLE_DATA = 10;
        static final int UINT64_DATA = 11;
        static final int EXTERNAL_DATA = 13;
        static final int DATA_LOCATION = 14;

        /** Value of DATA_LOCATION: in another file. */
        static final int EXTERNAL = 1;
    }

    /** SparseTensorProto. */
    static final class SparseTensor {
        static final int VALUES = 1;
    }
}
