%% What all programs share: their size, their clock, their end. A program that fails ends the machine with a report.
-module(bench).
-export([size/2, run/1, finish/1, report/4, sum/2]).

%% The argument, or the default.
size([], Default) -> Default;
size([Size], _) -> list_to_integer(Size).

%% Times what Program does; it gives the number of operations and the line that all contenders must print.
run(Program) ->
    finish(fun() ->
        Start = erlang:monotonic_time(),
        {Operations, Format, Values} = Program(),
        Took = erlang:monotonic_time() - Start,
        Ns = erlang:convert_time_unit(Took, native, nanosecond),
        report(Operations, Ns, Format, Values)
    end).

%% Runs it, and ends the machine.
finish(Program) ->
    try
        Program(),
        halt(0)
    catch
        Class:Reason:Trace ->
            io:format(standard_error, "~p: ~p~n~p~n", [Class, Reason, Trace]),
            halt(1)
    end.

report(Operations, Ns, Format, Values) ->
    io:format(Format, Values),
    io:format("ops ~b ns ~b~n", [Operations, Ns]).

%% Receives so many numbers, and adds them.
sum(0, Sum) ->
    Sum;
sum(Count, Sum) ->
    receive
        N when is_integer(N) -> sum(Count - 1, Sum + N)
    end.
