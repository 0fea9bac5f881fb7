@echo off
rem Enregistrer ; ce qui est donné va à « eloquence meeting start » / record; what is given goes to it
chcp 65001 >nul
title Eloquence
where node >nul 2>nul
if errorlevel 1 goto nonode
node "%~dp0..\bin\eloquence.mjs" meeting start %*
set code=%errorlevel%
echo.
pause
exit /b %code%
:nonode
echo Node.js manque : installez-le depuis https://nodejs.org, puis relancez.
echo Node.js is missing: install it from https://nodejs.org, then start again.
pause
exit /b 1
