@echo off
rem Enregistrer tout de suite, sous un nom donné par la date / record at once, named by the date
chcp 65001 >nul
title Eloquence
where node >nul 2>nul
if errorlevel 1 goto nonode
node "%~dp0..\bin\eloquence.mjs" meeting start
echo.
pause
exit /b
:nonode
echo Node.js manque : installez-le depuis https://nodejs.org, puis relancez.
echo Node.js is missing: install it from https://nodejs.org, then start again.
pause
exit /b 1
