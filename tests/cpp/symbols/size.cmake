# cmake -DSTRIP=strip -DLIBRARY=file -DLIMIT=bytes -P size.cmake
# An int8 deployment ships this library alone: stripped it stays below the limit.

cmake_minimum_required(VERSION 3.22)
set(stripped "${CMAKE_CURRENT_BINARY_DIR}/stripped.so")
execute_process(COMMAND "${STRIP}" -o "${stripped}" "${LIBRARY}" COMMAND_ERROR_IS_FATAL ANY)
file(SIZE "${stripped}" bytes)
file(REMOVE "${stripped}")
if(NOT bytes LESS LIMIT)
    message(FATAL_ERROR "${LIBRARY} has ${bytes} bytes stripped; the limit is ${LIMIT}")
endif()
message(STATUS "${bytes} bytes stripped, limit ${LIMIT}")
