# cmake -DNM=nm -DLIBRARY=file -DHEADER=file -P exports.cmake
# The library exports the functions that its header declares: all of them, and no other symbol.

cmake_minimum_required(VERSION 3.22)
file(READ "${HEADER}" text)
string(REGEX REPLACE "/\\*([^*]|\\*+[^*/])*\\*+/" "" text "${text}")
string(REPLACE ";" "\n" text "${text}")
string(REGEX MATCHALL "OCTAVO_API[^(]*[ *](octavo_[a-z0-9_]+)\\(" declarations "${text}")
set(declared "")
foreach(declaration IN LISTS declarations)
    string(REGEX REPLACE ".*[ *](octavo_[a-z0-9_]+)\\($" "\\1" name "${declaration}")
    list(APPEND declared "${name}")
endforeach()

execute_process(COMMAND "${NM}" --dynamic --defined-only "${LIBRARY}" OUTPUT_VARIABLE lines COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[0-9a-f]+ [B-Z] [^\n@]+" lines "${lines}")
set(exported "")
foreach(line IN LISTS lines)
    string(REGEX REPLACE ".* " "" name "${line}")
    list(APPEND exported "${name}")
endforeach()

set(missing ${declared})
list(REMOVE_ITEM missing ${exported})
set(surplus ${exported})
list(REMOVE_ITEM surplus ${declared})
if(NOT declared OR missing OR surplus)
    message(FATAL_ERROR "${LIBRARY} does not export what ${HEADER} declares.\n"
        "  declared, not exported: ${missing}\n  exported, not declared: ${surplus}")
endif()
list(LENGTH declared count)
message(STATUS "${count} functions declared and exported")
