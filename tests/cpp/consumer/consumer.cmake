# cmake -DBUILD=folder -DSOURCE=folder -DWORK=folder -P consumer.cmake
# Installs the build, builds the consumer against the install tree alone, and runs it.

cmake_minimum_required(VERSION 3.22)
file(REMOVE_RECURSE "${WORK}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/install" OUTPUT_QUIET
    COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" -S "${SOURCE}" -B "${WORK}/build" "-DCMAKE_PREFIX_PATH=${WORK}/install"
    COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${WORK}/build" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${WORK}/build/consumer" COMMAND_ERROR_IS_FATAL ANY)
if(EXISTS "${WORK}/build/consumer_onednn")
    execute_process(COMMAND "${WORK}/build/consumer_onednn" COMMAND_ERROR_IS_FATAL ANY)
endif()
